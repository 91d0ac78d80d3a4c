"""`python -m ronda.feed.writer`: server.feed.writer_process, refusing rows that give no record by their manifest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import indexer
from core.ledger.change import Change
from indexer.manifest.loading import ManifestError, load_manifests
from indexer.standardise.fed_rows import Fault, FedRow, FedRows
from ronda.v1 import error_pb2
from server.feed.orders import Orders
from server.feed.sequences import Outcome, refused
from server.feed.taking import Rows
from server.feed.writer_process import main
from server.logs import ERROR, log


def rows_by_manifests(orders: Orders) -> Rows:
    """Looks at rows by the manifests that the server's settings name. Ends the process where they cannot be read."""
    try:
        rows = FedRows(load_manifests(orders.manifests or Path(indexer.__file__).parent / "registers"))
    except ManifestError as error:
        log("manifests_not_read", level=ERROR, why=str(error))
        raise SystemExit(1) from None

    def check(changes: Sequence[Change]) -> Sequence[Outcome | None]:
        outcomes: list[Outcome | None] = [None] * len(changes)
        groups: dict[tuple[str, str], list[int]] = {}
        for place, change in enumerate(changes):
            groups.setdefault((change.register, change.manifest_source), []).append(place)
        for (register, source), places in groups.items():
            asked = [FedRow(changes[place].record_id, changes[place].record) for place in places]
            for place, fault in zip(places, rows.look(register, source, asked), strict=True):
                outcomes[place] = _outcome(fault)
        return outcomes

    def key_of(change: Change) -> tuple[str | None, str | None]:
        return rows.key(change.register, change.manifest_source, change.record)

    def unknown_columns(change: Change) -> Sequence[str]:
        return rows.unknown_columns(change.register, change.manifest_source, change.record)

    return Rows(check, key_of, unknown_columns)


def _outcome(fault: Fault | None) -> Outcome | None:
    if fault is None:
        return None
    return refused(error_pb2.ERROR_REASON_FEED_ROW_REFUSED, fault.field, fault.rule)


if __name__ == "__main__":
    sys.exit(main(rows_by_manifests))
