"""Some of `./run live-model`'s histories: whatever happens to base, writer, ledger, the view answers as a rebuild."""

from __future__ import annotations

from pathlib import Path

from tests.indexer.small_registers import SmallRegisters
from tests.live.histories import history


def test_histories(tmp_path: Path) -> None:
    bases: dict[str, SmallRegisters] = {}
    assert {seed: found for seed in range(3) if (found := history(seed, tmp_path, bases))} == {}
