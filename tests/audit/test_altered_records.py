"""A record with a check that does not hold is reported, hides no other, and no reader shows it as if it were good."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.engine.entry import Method
from ronda.command import app
from server.audit.check_counts import COLUMNS, deliver_checks
from server.audit.keys import kept_hash_keys
from server.audit.seals import read_seals
from server.audit.segments import SegmentId
from server.audit.writer import clock_ms
from server.recall.looks import Looks, Wanted
from tests.audit.answers import START_MS, append, subject
from tests.audit.kit import House

ASKED = 6  # questions of NIP 10001, and as many of 10009, of each segment
OPEN, SEALED, UNINDEXED = "open", "sealed", "sealed, without its index"
NIP = b'"nip":"10001"'


class Reading(House):
    """A house with a log that the commands read in development mode."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        (directory / "audit-keys").symlink_to(self.keys)
        self.directory = directory

    def ronda(self, *words: str) -> Any:
        none: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        here = {"RONDA_DATA": str(self.directory), "RONDA_AUDIT": str(self.audit), "COLUMNS": "200"}
        return CliRunner().invoke(app, ["audit", *words], env=none | here)

    def ask(self) -> None:
        with self.writer() as writer:
            for number in range(ASKED):
                append(writer.log, number, nip=10001)
                append(writer.log, number, nip=10009)

    def sign(self) -> None:
        with self.checkpointer() as checkpointer:
            checkpointer.tick()
            checkpointer.tick()  # signs for the index

    def alter(self, number: int, before: bytes, after: bytes, at: int = 0) -> None:
        """The `at`-th place of `before` in a segment of worker-0."""
        assert len(before) == len(after)
        path = SegmentId("worker-0", number).path(self.audit)
        data = path.read_bytes()
        pieces = data.split(before)
        assert len(pieces) > at + 1
        path.write_bytes(before.join(pieces[: at + 1]) + after + before.join(pieces[at + 1 :]))


@pytest.fixture
def house(tmp_path: Path) -> Reading:
    """Segment 1 is sealed and indexed, segment 2 is open."""
    house = Reading(tmp_path)
    house.ask()
    house.sign()
    house.ask()
    return house


def nips(house: House, nip: str) -> list[str]:
    return [f"{each.segment.number}/{each.place}" for each in house.reader().asked_by_officer(nip)]


@pytest.mark.parametrize("where", [OPEN, SEALED, UNINDEXED])
def test_a_changed_nip_moves_no_look_up_to_another_officer(house: Reading, where: str) -> None:
    number = 2 if where == OPEN else 1
    if where == UNINDEXED:
        SegmentId("worker-0", number).path(house.audit, ".idx").unlink()
    theirs = nips(house, "10009")
    house.alter(number, NIP, b'"nip":"10009"')
    assert nips(house, "10009") == theirs
    assert [each for each in nips(house, "10001") if each.startswith(f"{number}/")] == []
    for words in (("asked-by", "--nip", "10009"), ("tail", "-n", "99"), ("report",)):
        for form in ((), ("--json",)):
            done = house.ronda(*words, *form)
            said = " ".join(done.stderr.split())
            assert (
                done.exit_code,
                f"ALTERADOS: 1 registros de la bitácora ya no son lo que se escribió (worker-0/{number}/1)" in said,
                "ronda audit verify" in said,
            ) == (3, True, True), done.output
    assert house.ronda("tail", "-n", "99").stdout.count("ALTERADO") == ASKED, "whoever asked is nobody"
    assert house.ronda("verify", "--keeper", str(house.keeper)).exit_code == 1


@pytest.mark.parametrize("where", [OPEN, SEALED, UNINDEXED])
def test_an_altered_question_is_shown_to_nobody_and_hides_no_other(house: Reading, where: str) -> None:
    number = 2 if where == OPEN else 1
    if where == UNINDEXED:
        SegmentId("worker-0", number).path(house.audit, ".idx").unlink()
    before = nips(house, "10001")
    house.alter(number, b"MP-3", b"MP-9")
    done = house.ronda("who-asked", "--subject", subject(3).hex())
    assert (done.exit_code, f"(worker-0/{number}/" in done.stderr, "MP-9" in done.stdout) == (3, True, False)
    assert done.stdout.count("MP-3") == 3, "the other officer's, and both of the other segment"
    assert len(nips(house, "10001")) == len(before) - 1
    untouched = house.ronda("who-asked", "--subject", subject(4).hex())
    assert untouched.exit_code == (0 if where == SEALED else 3), "an index leads to what it is about alone"


@pytest.mark.parametrize("kind", [b"\x07", b"\x00"])
def test_a_record_of_no_form_ends_no_reading(house: Reading, kind: bytes) -> None:
    """All that stood behind it in the segment was left out, without a word."""
    data = (path := SegmentId("worker-0", 2).path(house.audit)).read_bytes()
    first = data.index(b"MP-0") - 32 - 88  # of the body: its head and one entry
    assert data[first] == 3
    path.write_bytes(data[:first] + kind + data[first + 1 :])
    tail = house.ronda("tail", "-n", "99")
    assert (tail.exit_code, tail.stdout.count("MP-")) == (3, 4 * ASKED - 1)


def test_an_altered_header_is_told(house: Reading) -> None:
    house.alter(2, b'"segment": 2', b'"segment": 3')
    done = house.ronda("tail")
    assert (done.exit_code, "(worker-0/2/0)" in done.stderr) == (3, True)


def test_what_was_altered_before_it_was_indexed_is_told_afterwards(house: Reading) -> None:
    with house.checkpointer() as checkpointer:
        with house.writer() as writer:
            append(writer.log, 1, nip=10001)
            checkpointer.tick()
            house.alter(3, NIP, b'"nip":"10008"')
        checkpointer.tick()
        checkpointer.tick()
    assert SegmentId("worker-0", 3) in read_seals(house.audit).sealed
    for nip in ("10001", "10008"):
        done = house.ronda("asked-by", "--nip", nip)
        assert (done.exit_code, "(worker-0/3/1)" in done.stderr) == (3, True), done.output


def test_no_proof_of_an_altered_record(house: Reading) -> None:
    house.alter(1, b"MP-3", b"MP-9")
    with house.checkpointer() as checkpointer:
        checkpointer.tick()
    done = house.ronda("proof", "--record", "worker-0/1/10")
    assert (done.exit_code, "ronda audit verify" in done.stderr) == (3, True), done.output


def test_an_altered_record_counts_in_no_figure(house: Reading, tmp_path: Path) -> None:
    def counted() -> int:
        out = tmp_path / "own"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        told.extend(map(str, deliver_checks(house.audit, out, date(2026, 12, 31))))
        [path] = out.glob("consultas_2026_*.csv")
        return sum(int(line.split(",")[COLUMNS.index("consultas")]) for line in path.read_text().splitlines()[1:])

    told: list[str] = []
    assert (counted(), told) == (4 * ASKED, [])
    house.alter(2, b"MP-3", b"MP-9")
    assert (counted(), [each.rpartition("/")[0] for each in told]) == (4 * ASKED - 1, ["worker-0/2"])


@pytest.mark.parametrize("where", [OPEN, SEALED])
def test_recall_tells_no_other_officer_and_passes_over_it(
    house: Reading, where: str, capfd: pytest.CaptureFixture[str]
) -> None:
    number = 2 if where == OPEN else 1
    house.alter(number, NIP, b'"nip":"10008"')
    wanted = Wanted(kept_hash_keys(house.audit, clock_ms()))
    wanted.add(0, [subject(3)])
    looks = Looks(house.audit)
    for _ in range(2):
        looks.refresh(START_MS - 1)
        found = [each.look for each in looks.all(wanted)]
    assert {each.method for each in found} == {Method.CHECK_PERSON}
    assert sorted(each.officer for each in found) == ["pnc/10001", "pnc/10009", "pnc/10009"]
    assert looks.altered == 1
    assert capfd.readouterr().err.count("audit_record_damaged") <= 1, "once"
