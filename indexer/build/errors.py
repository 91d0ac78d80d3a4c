"""The errors that stop a build on purpose, by who is at fault. None of these touches the published generation."""

from __future__ import annotations


class BuildError(Exception):
    """Root of every reason to stop that the indexer names."""


class BuildRefused(BuildError):
    """The caller's mistake: an unknown register or generation, nothing to index, a confirmation not given."""


class PublishingStopped(BuildError):
    """The data are not fit to publish: a register shrank, or the new generation fails its check."""


class IndexerBusy(BuildError):
    """Another indexer works on this data directory."""


class NoSpace(BuildError):
    """The disk has too little room, at the start or on the way."""
