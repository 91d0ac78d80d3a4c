"""Why a run ends before its last row; the texts are for the clerk, in Spanish, and name no person."""

from __future__ import annotations


class AgencyError(Exception):
    """What was asked cannot be done as asked: the file, the columns, or files that are there already."""


class GenerationGone(Exception):
    """The generation that the run is pinned to may not be named any more: the run must begin anew."""


class HalfAnswer(Exception):
    """The server's answer does not belong to the batch it was sent: nothing of it is used."""
