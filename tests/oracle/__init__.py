"""The naive oracle: docs/answers.md and docs/manifests.md once more, in the simplest Python.

It reads the registers' files directly, links with dicts and builds answers with the generated message classes. Slow and
obvious. It shares no code with the indexer, and one thing with the core: whether two names agree, and how like they
are, is asked of `core.match` and its tables (in plain Python a pair takes milliseconds). That comparison has a naive
twin, written from docs/names.md (`name_match.py`, `name_tokens.py`); tests/core/test_match.py holds the two together on
names that reach every line of the twin.
"""

from tests.oracle.oracle import Oracle

__all__ = ["Oracle"]
