"""The result of each register in a build: fresh, carried forward, or MISSING.

A hit never disappears because a file did: an unreadable source is carried forward from its last good extract with its
old as-of. MISSING is only a register that was never loaded or was withdrawn by name; its last closings stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from indexer.staging.extracts import StagedExtract

Fate = Literal["fresh", "carried", "missing", "withdrawn"]

_GUATEMALA_BEHIND_S = 6 * 3600  # of UTC, all year
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class RegisterInBuild:
    """One register in the generation being built."""

    ordinal: int
    register_id: str
    name: str
    fate: Fate
    extract: StagedExtract | None  # None when missing or withdrawn
    reason: str = ""  # why it is not fresh
    closings: StagedExtract | None = None  # what is kept of one that is withdrawn (indexer.staging.withdrawn)
    resumed: bool = False  # its extract was finished by a build that was not published

    @property
    def failed(self) -> bool:
        """True if its source failed: the build was published without fresh data of it."""
        return self.fate in ("carried", "missing")

    @property
    def staged(self) -> StagedExtract | None:
        """The extract with the files to link; the next build is compared with it."""
        return self.extract if self.extract is not None else self.closings

    @property
    def as_of_day(self) -> int | None:
        """The day of its as-of in Guatemala (UTC-6), since 1970; None when missing or withdrawn."""
        return None if self.extract is None else (self.extract.as_of_ms // 1000 - _GUATEMALA_BEHIND_S) // _DAY_S

    def manifest_entry(self, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Its entry in MANIFEST.json; `fixed` is the part that the register's manifest states."""
        extract = self.extract
        return {
            **fixed,
            "ordinal": self.ordinal,
            "state": "missing" if extract is None else "loaded",
            "as_of_ms": 0 if extract is None else extract.as_of_ms,
            "carried_forward": self.fate == "carried",
            "carried_reason": self.reason if self.fate == "carried" else "",
            "rows_read": 0 if extract is None else extract.rows_read,
            "rows_refused": 0 if extract is None else extract.rows_refused,
            "refused": {} if extract is None else dict(extract.refused),
            "closings_kept": self.closings is not None,
            "left_out": {} if extract is None else dict(extract.left_out),
            **(
                {"control_characters": dict(extract.control_characters)}
                if extract and extract.control_characters
                else {}
            ),
            **({"holds": dict(extract.holds)} if extract is not None and extract.holds else {}),
            "checksum": "" if extract is None else extract.checksum,
        }


def decide_unreadable(
    ordinal: int, register_id: str, name: str, reason: str, last: StagedExtract | None
) -> RegisterInBuild:
    """Returns the result for an unreadable source: carried forward; missing if never loaded, or withdrawn since."""
    if last is not None and last.withdrawn:
        return RegisterInBuild(ordinal, register_id, name, "missing", None, reason, closings=last)
    fate: Fate = "missing" if last is None else "carried"
    return RegisterInBuild(ordinal, register_id, name, fate, last, reason)
