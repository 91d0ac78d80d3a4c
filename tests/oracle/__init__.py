"""The naive oracle: docs/answers.md and docs/manifests.md once more, in the simplest Python.

It shares no code with the core or the indexer: it reads the registers' files directly, links with dicts and builds
answers with the generated message classes. Slow and obvious.
"""

from tests.oracle.oracle import Oracle

__all__ = ["Oracle"]
