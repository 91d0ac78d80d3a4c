"""A place of a ledger, noted outside of it: tells an older copy, and one begun anew, from the ledger that it was.

A copy that was put back has the same id, and may have gone on: other entries under the same numbers.
"""

from __future__ import annotations

import xxhash
from pydantic import BaseModel, ConfigDict

from core.errors import LedgerDamaged
from core.ledger.change import Change, payload_of
from core.ledger.reader import LedgerReader, Position


class NotedPlace(BaseModel):
    """The last entry that somebody read or wrote."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ledger: str  # its id, in hexadecimal digits
    sequence: int
    offset: int  # where that entry begins
    digest: str  # of it, as `digest_of` has it

    def behind_it(self, ledger: LedgerReader) -> Position | None:
        """Returns the place behind that entry; None where this ledger has another there, or none. Raises OSError."""
        if ledger.ledger_id.hex() != self.ledger:
            return None
        try:
            found, place = ledger.read(Position(self.sequence - 1, self.offset), 1)
        except LedgerDamaged:  # no entry begins there: a reader from the first one on gets the damage named
            return None
        return place if found and digest_of(found[0]) == self.digest else None


def digest_of(change: Change) -> str:
    """XXH3 of an entry as it was written: an older copy of the ledger that went on has another under the number."""
    return xxhash.xxh3_64_hexdigest(b"%d %d " % (change.sequence, change.taken_ms) + payload_of(change))
