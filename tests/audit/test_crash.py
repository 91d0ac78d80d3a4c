"""kill -9 at random moments: whoever got an answer has a record, and every record verifies."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from core.audit.rows import query_rows
from server.audit.seals import read_seals
from tests.audit.kit import House

KILLS = 6  # through gRPC it is twenty (test_front_door.py); here a kill falls within a record more often
ROW = 96  # of query_rows; the answer id at 48


def test_no_answer_without_a_record_whenever_the_process_is_killed(tmp_path: Path) -> None:
    house = House(tmp_path)
    chosen = random.Random(4)
    answered: set[bytes] = set()
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.audit.appender", str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        told = process.stdout.read(16)
        time.sleep(chosen.uniform(0, 0.05))
        process.kill()
        told += process.stdout.read()
        process.wait()
        answered |= {told[at : at + 16] for at in range(0, len(told), 16)}
        with house.checkpointer() as checkpointer:
            checkpointer.tick()
            house.now_ms += 1000
    assert len(answered) > KILLS * 10
    recorded = set()
    for path in house.audit.rglob("*.seg"):
        rows, _ = query_rows(path.read_bytes(), path.stat().st_size, set())
        recorded |= {rows[at + 48 : at + 64] for at in range(0, len(rows), ROW)}
    assert answered <= recorded
    assert house.verdict().problems == []
    sealed = read_seals(house.audit).sealed.values()
    assert len(sealed) >= KILLS
    for seal in sealed:  # what was half written is told, and kept
        cut = seal.segment.path(house.audit, ".cut")
        assert cut.exists() == bool(seal.cut_bytes)
