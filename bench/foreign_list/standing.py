"""The rows of the foreign list as bars of `./run bench-names`, each with the peers' values beside it.

Peers are asked about one person and stranger of so many (bench.foreign_list.peers.EVERY). Ronda's own figures on that
same sample decide whether one of them is ahead.
"""

from __future__ import annotations

from typing import Any

from bench.bars import Bar

AHEAD = "foreign list: rows on which a peer is ahead of Ronda, on the peers' sample"
_WHOLE = "foreign list: every row"


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Those with a goal."""
    return [row for part in ("questions", "pairs") for row in found[part]["rows"] if row["goal"] is not None]


def _leads(row: dict[str, Any], theirs: float | None, ours: float | None) -> bool:
    if theirs is None or ours is None:
        return False
    return theirs < ours if row["at_most"] else theirs > ours


def ahead(found: dict[str, Any]) -> dict[str, list[str]]:
    """Peer -> rows with a goal on which it is ahead."""
    ours = found["sample"]
    return {
        peer: [row["name"] for row in _rows(found) if _leads(row, values.get(row["name"]), ours.get(row["name"]))]
        for peer, values in found["peers"].items()
    }


def bars(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Rows as bench.bars has them, with `peers`: peer -> value, null where it could not answer; None = it failed."""
    if found is None:
        return [Bar(_WHOLE, 0, "", at_most=False).measured(None), Bar(AHEAD, 0, "rows").measured(None)]
    measured = []
    for row in _rows(found):
        bar = Bar(f"foreign list: {row['name']}", row["goal"], "share", at_most=row["at_most"])
        beside = {peer: values.get(row["name"]) for peer, values in found["peers"].items()}
        rounded = {peer: None if value is None else round(value, 4) for peer, value in beside.items()}
        measured.append(bar.measured(row["value"]) | {"peers": rounded})
    led = ahead(found)
    count = len({name for names in led.values() for name in names}) if led else None
    by_peer = {peer: len(names) for peer, names in led.items()}
    return [*measured, Bar(AHEAD, 0, "rows").measured(count) | {"peers": by_peer}]
