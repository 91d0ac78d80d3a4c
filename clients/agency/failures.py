"""The reasons why a run ends before its last row; the texts are for the clerk, in Spanish, and name no person."""

from __future__ import annotations

from typing import Literal


class AgencyError(Exception):
    """The request cannot be met as given: the file, the columns, or existing files prevent it."""


class GenerationGone(Exception):
    """The generation that the run is pinned to may not be named any more: the run must begin anew."""


class HalfAnswer(Exception):
    """The server's answer does not belong to the batch it was sent: nothing of it is used."""


class EngineFailed(Exception):
    """The engine cannot judge, for a reason that no server names. kind: what the clerk can do about it."""

    def __init__(self, text: str, kind: Literal["ours", "files", "gone", "settings", "recorded"] = "ours") -> None:
        super().__init__(text)
        self.kind = kind
