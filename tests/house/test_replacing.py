"""Files are replaced by core/files/replacement.py alone, which keeps mode and owner; clients have their own."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MOVES = re.compile(r"\.rename\(|os\.replace\(|os\.rename\(|\.replace\([a-z_.]*path\)|NamedTemporaryFile")
# Whole directories, which are made under another name; files that are made once, or moved, and never replaced.
_OTHERS = {
    "core/files/replacement.py",
    "core/ledger/archive.py",
    "core/ledger/writer.py",
    "indexer/generations/publishing.py",
    "indexer/live/deltas.py",
    "indexer/mart/building.py",
    "ronda/copies/restoring.py",
    "ronda/copies/sinks.py",
    "server/audit/retention.py",
}


def test_no_other_file_renames_a_draft() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ("core", "indexer", "server", "ronda")
        for path in (ROOT / room).rglob("*.py")
        if _MOVES.search(path.read_text(encoding="utf-8"))
    }
    assert found - _OTHERS == set()
