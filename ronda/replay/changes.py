"""The view that answered: its deltas are made again from the ledger, up to the sequence that the record names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, takewhile
from pathlib import Path

from core.generation.overlay import DeltaGeneration
from core.generation.store import Generation
from core.generation.view_file import read_view
from core.ledger.reader import FOLDER, LedgerReader
from indexer.live.folded import Folded
from indexer.live.writer import LiveWriter, day_of
from indexer.manifest.model import Manifest


class LedgerShort(Exception):
    """The ledger ends before the sequence, is another one, or nothing was ever fed here."""


def deltas_to(
    sequence: int, ledger_id: str, base: Generation, data: Path, manifests: Sequence[Manifest], into: Path
) -> list[DeltaGeneration]:
    """Returns the deltas over the base at that sequence of the ledger, oldest first. into: a private directory.

    Changes are linked as on the day on which they were taken over. Raises LedgerShort, LedgerDamaged, OSError;
    GenerationDamaged if the base keeps no records.
    """
    try:
        ledger = LedgerReader(data / FOLDER)
    except FileNotFoundError:
        raise LedgerShort("there is no ledger") from None
    with ledger:
        if ledger.ledger_id.hex() != ledger_id:
            raise LedgerShort("another ledger took its place")
        if ledger.end < sequence:
            raise LedgerShort(f"the ledger ends at {ledger.end}")
        writer = LiveWriter(data, str(base.generation_id), manifests, into)
        try:
            place = writer.begins_at(ledger)
            if place is None and Folded.of(base.directory) is not None:
                raise LedgerShort("the generation was built with changes that this ledger does not have")
            writer.publish()  # of what the base holds itself
            after = place.sequence if place is not None else 0
            changes = takewhile(lambda change: change.sequence <= sequence, ledger.changes(after))
            for day, due in groupby(changes, key=lambda change: day_of(change.taken_ms)):
                writer.day = day
                writer.take(due)
        finally:
            writer.close()
    return [DeltaGeneration(base, Generation.open(writer.home / name)) for name in read_view(writer.home).deltas]
