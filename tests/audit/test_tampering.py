"""Every kind of tampering is found by `ronda audit verify` and by the verifier written from the format page alone."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit.answers import append
from tests.audit.kit import House

RECORDS = 40


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sealed segment of each of two logs, and an open one: worker-0/2. A copy of each second is in `history`."""
    directory = tmp_path_factory.mktemp("good")
    house = House(directory)
    with house.checkpointer() as checkpointer:
        for log in ("worker-0", "worker-1"):
            with house.writer(log) as writer:
                for number in range(RECORDS):
                    append(writer.log, number)
                    if number % 10 == 9:
                        house.now_ms += 1000
                        checkpointer.tick()
        with house.writer("worker-0") as writer:
            for number in range(RECORDS):
                append(writer.log, number)
                if number % 10 == 9:
                    house.now_ms += 1000
                    checkpointer.tick()
                if number == RECORDS // 2:
                    shutil.copytree(house.audit, directory / "earlier")
    return directory


@pytest.fixture
def house(good: Path, tmp_path: Path) -> House:
    shutil.copytree(good, tmp_path / "house")
    return House(tmp_path / "house")


def segment(house: House, log: str, number: int) -> Path:
    return house.audit / "logs" / log / f"{number:08d}.seg"


def offsets(data: bytes) -> list[int]:
    """Returns the offset of each record, and of the end."""
    found = [0]
    while length := int.from_bytes(data[found[-1] : found[-1] + 4], "little"):
        found.append(found[-1] + 8 + length)
    return found


def rewritten(house: House, log: str, number: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = segment(house, log, number)
    data = path.read_bytes()
    ends = offsets(data)
    records = [data[a:b] for a, b in itertools.pairwise(ends)]
    path.write_bytes(b"".join(change(records)) + data[ends[-1] :])


def framed(body: bytes, place: int) -> bytes:
    """A record as a forger makes it fit."""
    body = body[:8] + place.to_bytes(8, "little") + body[16:]
    return len(body).to_bytes(4, "little") + hashlib.sha256(b"\0" + body).digest()[:4] + body


def refitted(records: list[bytes]) -> list[bytes]:
    return [framed(record[8:], place) for place, record in enumerate(records)]


SEALED, OPEN = ("worker-1", 1), ("worker-0", 2)


def test_a_whole_log_is_accepted(house: House) -> None:
    assert house.problems() == ([], [])
    verdict = house.verdict()
    assert (verdict.segments, verdict.records) == (3, 3 * (RECORDS + 3))


@pytest.mark.parametrize("which", [SEALED, OPEN])
def test_each_flipped_bit_of_a_record_is_located(house: House, which: tuple[str, int]) -> None:
    path = segment(house, *which)
    data = path.read_bytes()
    ends = offsets(data)
    for at in (
        4,
        8,
        20,
        100,
        ends[1] + 30,
        ends[7],
        ends[7] + 2,
        ends[7] + 90,
        ends[30] + 8,
        ends[30] + 16,
        ends[-2] + 99,
    ):
        record = max(place for place, start in enumerate(ends) if start <= at)
        for bit in (1, 128):
            path.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
            ours, theirs = house.problems()
            assert any(f"{which[0]}/{which[1]}, record {record}:" in problem for problem in ours), (at, ours)
            assert any(f"{which[0]}/{which[1]}, record {record}:" in problem for problem in theirs), (at, theirs)


@pytest.mark.parametrize("which", [SEALED, OPEN])
@pytest.mark.parametrize(
    "change",
    [
        lambda records: records[:20] + records[21:],
        lambda records: [*records[:20], records[19], *records[20:]],
        lambda records: [*records[:20], records[21], records[20], *records[22:]],
    ],
    ids=["removed", "repeated", "reordered"],
)
def test_removed_repeated_and_reordered_records_are_located(
    house: House, which: tuple[str, int], change: Callable[[list[bytes]], list[bytes]]
) -> None:
    rewritten(house, *which, change)
    for found in house.problems():
        assert any(f"{which[0]}/{which[1]}, record 20" in problem for problem in found), found


@pytest.mark.parametrize("which", [SEALED, OPEN])
@pytest.mark.parametrize(
    "change",
    [
        lambda records: [*records[:20], records[20][:-1] + bytes([records[20][-1] ^ 1]), *records[21:]],
        lambda records: records[:20] + records[21:],
        lambda records: [*records[:20], records[19], *records[20:]],
        lambda records: [*records[:20], records[21], records[20], *records[22:]],
    ],
    ids=["altered", "removed", "repeated", "reordered"],
)
def test_what_a_forger_made_fit_is_located_to_the_second(
    house: House, which: tuple[str, int], change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """Checks and places are made right again: the checkpoints of before and after the record tell."""
    rewritten(house, *which, lambda records: refitted(change(records)))
    ours, theirs = house.problems()
    located = [re.search(r"records (\d+) to (\d+)", problem) for problem in ours]
    ranges = [(int(match[1]), int(match[2])) for match in located if match]
    assert ranges == [(13, 22)], ours  # header, two texts, ten questions a second
    assert theirs


@pytest.mark.parametrize("which", [SEALED, OPEN])
def test_a_truncated_segment_is_located(house: House, which: tuple[str, int]) -> None:
    path = segment(house, *which)
    data = path.read_bytes()
    ends = offsets(data)
    for size, record in ((ends[30], 30), (ends[30] + 50, 30), (ends[30] + 3, 30), (0, 0)):
        path.write_bytes(data[:size])
        for found in house.problems():
            assert any(f"{which[0]}/{which[1]}, record {record}:" in problem for problem in found), (size, found)


@pytest.mark.parametrize("which", [SEALED, OPEN])
def test_a_segment_that_is_gone_is_named(house: House, which: tuple[str, int]) -> None:
    segment(house, *which).unlink()
    for found in house.problems():
        assert any(f"{which[0]}/{which[1]}" in problem for problem in found), found


def test_something_added_behind_a_seal(house: House) -> None:
    rewritten(house, *SEALED, lambda records: refitted([*records, records[-1]]))
    for found in house.problems():
        assert any(f"worker-1/1, record {RECORDS + 3}" in problem for problem in found), found


def test_segments_in_each_other_s_place(house: House) -> None:
    first, second = segment(house, "worker-0", 1), segment(house, "worker-1", 1)
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)
    for found in house.problems():
        assert any("worker-0/1" in problem for problem in found)
        assert any("worker-1/1" in problem for problem in found)


def test_a_roll_back_to_an_older_valid_state(house: House, good: Path) -> None:
    """Everything of the log is put back to what it was: only the second keeper knows better."""
    shutil.rmtree(house.audit)
    shutil.copytree(good / "earlier", house.audit)
    assert [str(problem) for problem in house.verdict(with_keeper=False).problems] == []
    for found in house.problems():
        assert any("rolled back" in problem for problem in found), found


def test_lines_of_seals(house: House) -> None:
    path = house.audit / "seals"
    first, *others = path.read_bytes().splitlines(keepends=True)
    rest = b"".join(others)
    for forged in (rest + first, first, first.replace(b'"records": ', b'"records": 1') + rest, b""):
        path.write_bytes(forged)
        for found in house.problems():
            assert any("seals" in problem for problem in found), (forged, found)


def test_checkpoints_removed_or_forged(house: House) -> None:
    path = next((house.audit / "checkpoints").iterdir())
    text = path.read_text()
    pieces = [f"ronda audit checkpoint 1\n{piece}" for piece in text.split("ronda audit checkpoint 1\n")[1:]]
    path.write_text("".join(pieces[:3] + pieces[4:]))
    for found in house.problems():
        assert any("removed, repeated or reordered" in problem for problem in found), found
    path.write_text("".join(pieces[:3]) + pieces[3].replace("number 4", "number 5") + "".join(pieces[4:]))
    for found in house.problems():
        assert any("signature" in problem for problem in found), found


def test_an_index_that_leaves_somebody_out(house: House) -> None:
    path = segment(house, *SEALED).with_suffix(".idx")
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes(8) + data[48:])
    ours, _ = house.problems()
    assert any("index" in problem for problem in ours), ours
