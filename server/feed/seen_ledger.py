"""The last position of the ledger, noted beside it: shows at the next start that the ledger is older or missing.

<data>/ledger.seen.json is written each second in which entries came, and at the end. It reveals that the folder
`ledger` alone was lost or restored. If the whole data directory was restored, the note is of the same day, and only the
sources reveal it. If the note itself is lost or damaged, every feed is in doubt.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.files.regular_file import read_file
from core.files.replacement import replace_file
from core.ledger.noted import NotedPlace
from core.ledger.reader import FOLDER, LedgerReader

SEEN = "ledger.seen.json"  # in the data directory


class SeenLedger(BaseModel):
    """The note."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: NotedPlace
    feeds: frozenset[tuple[str, str]]  # source and register of each that ever sent


def note_ledger(data: Path, seen: SeenLedger) -> None:
    """Writes the note. Raises OSError."""
    replace_file(data / SEEN, seen.model_dump_json().encode())


class NoteLost(Exception):
    """The note is gone, or cannot be read: of no feed is it known whether the ledger has what it had."""


def lacking_feeds(data: Path, *, note_expected: bool) -> frozenset[tuple[str, str]]:
    """Returns the feeds of which the ledger may lack entries that it had; none where it goes on from the note.

    note_expected: there was one. Raises NoteLost, LedgerDamaged, OSError.
    """
    try:
        seen = SeenLedger.model_validate_json(read_file(data / SEEN))
    except FileNotFoundError:
        if note_expected:
            raise NoteLost from None
        return frozenset()
    except (OSError, ValidationError):
        raise NoteLost from None
    with LedgerReader(data / FOLDER) as ledger:
        return frozenset() if seen.place.behind_it(ledger) is not None else seen.feeds
