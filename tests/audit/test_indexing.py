"""The index of a large segment is made by a process of its own while signing goes on, and is the one made at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.audit.index import build_index
from server.audit.process import Orders
from server.audit.segments import SegmentId, mapped
from tests.audit.answers import shown, subject
from tests.audit.kit import House
from tests.server.running_server import until

LARGE = 5 << 20  # bytes, above what is indexed at once


def _fill(house: House, log: str) -> Path:
    """A segment of over LARGE bytes that its writer left; where its index is to be."""
    with house.writer(log, segment_bytes=2 * LARGE) as writer:
        for number in range(LARGE // 100_000 + 1):
            named = shown(*range(number % 40))
            writer.log.append_record(clock_ms=1, answer_id=subject(number), asked=bytes(100_000), shown=named)
    return SegmentId(log, 1).path(house.audit, ".idx")


def test_large_segments_get_their_indexes_while_the_process_signs(tmp_path: Path) -> None:
    house = House(tmp_path)
    made = [_fill(house, log) for log in ("worker-0", "worker-1")]
    orders = Orders(directory=house.audit, signing_key=house.keys / "signing.key", keeper="", retention_years=5)
    process = subprocess.Popen(
        [sys.executable, "-m", "server.audit.checkpoint_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(orders.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        assert b'"checkpoint":1' in process.stdout.readline()
        assert not made[1].exists(), "it signs first, and one index is made at a time"
        until(lambda: made[0].exists() and made[1].exists())
    finally:
        process.stdin.close()
        assert process.wait(60) == 0
        process.stdout.close()
    for index in made:
        with mapped(index.with_suffix(".seg")) as data:
            assert index.read_bytes() == build_index(data, len(data))
    assert house.verdict(with_keeper=False).problems == []


def test_a_process_that_ends_makes_what_is_left(tmp_path: Path) -> None:
    house = House(tmp_path)
    made = _fill(house, "worker-0")
    orders = Orders(directory=house.audit, signing_key=house.keys / "signing.key", keeper="", retention_years=5)
    done = subprocess.run(
        [sys.executable, "-m", "server.audit.checkpoint_process"],
        input=orders.model_dump_json().encode() + b"\n",
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert made.exists()
