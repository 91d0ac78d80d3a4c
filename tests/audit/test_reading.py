"""Looking up askers, their reasons and the patterns in them; with the index and without it."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.audit.log import AuditLog
from core.identifiers.api import problem
from core.identifiers.kinds import IdentifierKind
from ronda.v1 import check_service_pb2 as contract
from server.audit.index import MAGIC, open_index
from server.audit.misuse import Finding, report
from server.audit.reading import AuditReader, KeyMissing
from server.audit.seals import read_seals
from server.audit.segments import SegmentId
from tests.audit.answers import START_MS, append, shown, subject
from tests.audit.kit import House

NOON_MS = START_MS - START_MS % 86_400_000 + 18 * 3_600_000  # Guatemala
EMPTY_INDEX = struct.pack("<8sQQQ", MAGIC, 0, 0, 0)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """worker-0 has two sealed segments and one open, worker-1 an open one."""
    house = House(tmp_path)
    for first in (0, 100):
        with house.writer() as writer:
            for number in range(first, first + 100):
                append(writer.log, number, nip=number % 3)
        with house.checkpointer() as checkpointer:
            checkpointer.tick()
            checkpointer.tick()  # signs for the index
    for name in ("worker-0", "worker-1"):
        with house.writer(name) as writer:
            log = writer.log
            # A search that shows 42 among others, and a batch of clearance with it.
            log.append_record(clock_ms=START_MS + 1000, method=4, identity=b'{"nip":"9"}', shown=shown(41, 42, how=3))
            log.append_record(clock_ms=START_MS + 2000, method=32, identity=b"{}", shown=shown(*range(60), how=4))
            log.append_record(clock_ms=START_MS + 3000, method=2, identity=b"{}", asked_key=b"\x0142")
    return house


def index_without_rows(house: House) -> None:
    """A forged index of the first segment: whole, and nobody is in it."""
    path = SegmentId("worker-0", 1).path(house.audit, ".idx")
    assert path.exists()
    path.write_bytes(EMPTY_INDEX)


def index_of_another(house: House) -> None:
    one, other = (SegmentId("worker-0", number).path(house.audit, ".idx") for number in (1, 2))
    one.write_bytes(other.read_bytes())


def index_before_its_line(house: House) -> None:
    """A forger who writes an index before one is made and signed for."""
    with house.writer("worker-2") as writer:
        append(writer.log, 42, nip=9)
    SegmentId("worker-2", 1).path(house.audit, ".idx").write_bytes(EMPTY_INDEX)


@pytest.mark.parametrize("forge", [index_without_rows, index_of_another, index_before_its_line])
def test_a_forged_index_hides_nobody(house: House, forge: Callable[[House], None]) -> None:
    def found() -> list[Any]:
        reader = house.reader()
        by_officer = (
            [each.place for each in reader.asked_by_officer("9")],
            [r.place for r in reader.asked_by_officer("0")],
        )
        looks = reader.looks_at([subject(42)], [b"\x0142"])
        return [sorted((str(each.record.segment), each.record.place) for each in looks), *by_officer]

    if forge is index_before_its_line:
        forge(house)
        looks, by_nine, _ = found()
        assert ("worker-2/1", 3) in looks
        assert len(by_nine) == 3
        return
    before = found()
    forge(house)
    assert found() == before
    assert any("its index is not that" in str(problem) for problem in house.verdict().problems)
    assert by_index(house) == 1, "the other sealed segment is read by its index yet"


def by_index(house: House) -> int:
    """Returns how many segments have an index that readers use."""
    seals = read_seals(house.audit)
    used = 0
    for segment in seals.sealed:
        with open_index(house.audit, segment, seals.indexed.get(segment)) as index:
            used += index is not None
            del index
    return used


def test_indexes_without_a_line_are_made_again_and_signed_for(house: House) -> None:
    """The log is from before indexes were signed for."""
    assert by_index(house) == 2
    shutil.rmtree(house.audit / "checkpoints")
    shutil.rmtree(house.keeper)
    path = house.audit / "seals"
    path.write_bytes(b"".join(line for line in path.read_bytes().splitlines(keepends=True) if b'"index"' not in line))
    assert by_index(house) == 0
    with house.checkpointer() as checkpointer:
        for _ in range(8):
            checkpointer.tick()
    assert by_index(house) == len(read_seals(house.audit).sealed)
    assert house.problems() == ([], [])


def test_who_asked_finds_every_way_to_a_person(house: House) -> None:
    looks = house.reader().looks_at([subject(42)], [b"\x0142"])
    found = [(str(look.record.segment), look.record.method, [entry.how for entry in look.entries]) for look in looks]
    assert found == [
        ("worker-0/1", 2, [1]),
        ("worker-0/3", 4, [3]),
        ("worker-1/1", 4, [3]),
        ("worker-0/3", 32, [4]),
        ("worker-1/1", 32, [4]),
        ("worker-0/3", 2, []),
        ("worker-1/1", 2, []),
    ]
    assert looks[3].entries[0].row == 42
    record = looks[0].record
    assert (record.identity["nip"], record.case_number, record.request_id) == ("0", "MP-42", "r42")
    assert (record.generation, record.answer_id) == ("20261124T000000Z-1", subject(42))
    assert house.reader().question(record) == b"question 42"
    assert house.reader().looks_at([subject(42)], since_ms=START_MS + 1500, until_ms=START_MS + 2500) == looks[3:5]
    assert house.reader().looks_at([subject(77777)]) == []


def test_the_index_and_the_segments_say_the_same(house: House) -> None:
    with_index = house.reader().looks_at([subject(7)], [b"\x01150"])
    of_officer = house.reader().asked_by(lambda identity: identity.get("nip") == "1")
    assert len(of_officer) == 67
    for path in house.audit.rglob("*.idx"):
        path.unlink()
    assert house.reader().looks_at([subject(7)], [b"\x01150"]) == with_index
    assert house.reader().asked_by(lambda identity: identity.get("nip") == "1") == of_officer


def test_the_newest_records(house: House) -> None:
    newest = house.reader().newest(9)
    assert [record.time_ms - START_MS for record in newest] == [197, 198, 199, 1000, 1000, 2000, 2000, 3000, 3000]
    assert len(house.reader().newest(10_000)) == 206


def test_the_newest_of_two_servers_that_write_one_log_at_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer() as draining, house.writer() as next_one:  # segments 1 and 2 of worker-0
        for time_ms in range(5):
            append(next_one.log, time_ms)
        for time_ms in range(5, 10):
            append(draining.log, time_ms)
        for count in (1, 4, 5, 7):
            newest = [record.time_ms - START_MS for record in house.reader().newest(count)]
            assert newest == list(range(10))[-count:]


def test_another_auditor_reads_nothing(house: House) -> None:
    with pytest.raises(KeyMissing, match="worker-0/1"):
        AuditReader(house.audit, X25519PrivateKey.generate()).looks_at([subject(42)])


def test_a_question_moved_to_another_record_does_not_open(house: House) -> None:
    reader = house.reader()
    first, second = (reader.looks_at([subject(number)])[0].record for number in (11, 12))
    moved = AuditReader.question(reader, replace(first, sealed=second.sealed))
    assert moved is None


# ---- the misuse report ----


def _cui(number: int) -> str:
    """Returns a valid CUI: the running number is the next one from `number` on that gives one."""
    for check in range(10):
        text = f"{number:08d}{check}0101"
        if problem(IdentifierKind.CUI, text) is None:
            return text
    return ""


def _ask(log: AuditLog, time_ms: int, nip: str = "5", **given: object) -> None:
    identity = f'{{"institution":"pnc","nip":"{nip}"}}'.encode()
    fields: dict[str, object] = {"method": 2, "identity": identity}
    log.append_record(clock_ms=time_ms, **(fields | given))  # type: ignore[arg-type]


def _report(house: House) -> list[tuple[str, str, int]]:
    return [(finding.rule, finding.who, finding.count) for finding in report(house.reader())]


def test_each_pattern_is_reported_and_ordinary_work_is_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer(segment_bytes=1 << 20) as writer:
        log = writer.log
        numbers = [cui for cui in map(_cui, range(25763000, 25763040)) if cui][:8]
        for place, cui in enumerate(numbers):
            asked = contract.CheckPersonRequest(cui=cui).SerializeToString()
            _ask(log, NOON_MS + place * 60_000, "enumerates", asked=asked)
        for place in range(8):  # a fleet, one behind the other
            asked = contract.CheckVehicleRequest(plate=f"P-{100 + place}BCD").SerializeToString()
            _ask(log, NOON_MS + place * 60_000, "fleet", method=3, asked=asked)
        for place in range(7):  # too few, and with one an hour later
            asked = contract.CheckRequest(query=numbers[place]).SerializeToString()
            _ask(log, NOON_MS + place * 60_000 + (3_600_000 if place == 6 else 0), "few", method=1, asked=asked)
        for place in range(40):
            _ask(log, NOON_MS + place, "by day")
        for place in range(6):  # 01:00 to 01:05
            _ask(log, NOON_MS + 13 * 3_600_000 + place * 60_000, "by day")
        for place in range(40):
            _ask(log, NOON_MS + 13 * 3_600_000 + place, "night shift")
        for place in range(5):
            _ask(log, NOON_MS + place * 86_400_000, "neighbour", shown=shown(77))
        for place in range(9):
            _ask(log, NOON_MS + place, "retries", shown=shown(78), flags=1 if place > 3 else 0)
            _ask(log, NOON_MS + place, "searches", shown=shown(79, how=3))
        apart = b'{"device_unit":"c-12","nip":"away","unit":"c-11"}'
        _ask(log, NOON_MS, identity=apart)
        _ask(log, NOON_MS, "glass", flags=2)
        for flag, nip in ((8, "marked night"), (16, "marked unit"), (32, "marked repeat"), (64, "marked row")):
            _ask(log, NOON_MS, nip, flags=flag)
        _ask(log, NOON_MS, "auditor", method=66, flags=2)
    assert _report(house) == [
        ("break-glass", "glass pnc", 1),
        ("enumeration", "enumerates pnc", 8),
        ("enumeration", "fleet pnc", 8),
        ("enumeration", "marked row pnc", 1),
        ("night", "by day pnc", 6),
        ("night", "marked night pnc", 1),
        ("off-unit", "away", 1),
        ("off-unit", "marked unit pnc", 1),
        ("repeated", "neighbour pnc", 5),
        ("repeated", "marked repeat pnc", 1),
    ]
    repeated = [finding for finding in report(house.reader()) if finding.who == "neighbour pnc"]
    assert repeated == [Finding("repeated", "neighbour pnc", 5, NOON_MS, NOON_MS + 4 * 86_400_000)]
    assert struct.calcsize("<16sBBBBHBBQ") == 32


def test_each_break_glass_look_is_reported_retries_too(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer() as writer:
        for place in range(30):
            _ask(writer.log, NOON_MS + place, "glass", flags=3 if place else 2, shown=shown(78))
            _ask(writer.log, NOON_MS + place, "retries", flags=1, shown=shown(78))
    assert _report(house) == [("break-glass", "glass pnc", 30)]
