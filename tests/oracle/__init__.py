"""The naive oracle: docs/answers.md and docs/manifests.md once more, in the simplest Python.

It reads the registers' files directly, links with dicts and builds answers with the generated message classes. Slow and
obvious. It shares one rule with the indexer: which letter of a name a damaged one was (`indexer.standardise.letters`,
held by tests/indexer/test_damaged_letters.py to spellings written by hand). With the core it shares one too: whether
two names agree, and how like they are, is asked of `core.names.comparison` (of many names at once
`core.linking.scan`, of the roles of words `core.linking.index`) and its tables (`core.names.frequencies`,
`core.names.equivalents`); in plain Python a pair takes milliseconds. That comparison has a naive
twin, written from docs/names.md (`name_match.py`, `name_tokens.py`); tests/core/names/test_match.py holds the two
together on names that reach every line of the twin. Data that both use: the words of courts
(`core.standardise.courts`), and the kinds of identifiers with their error (`core.identifiers.kinds`,
`core.identifiers.types`).
tests/house/test_oracle_stands_alone.py follows every import.
"""

from tests.oracle.oracle import Oracle

__all__ = ["Oracle"]
