"""The owner of a discreet alert learns of every look at its subject; nobody else learns anything."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.engine.discreet import take_discreet_looks
from core.engine.entry import Method
from core.errors import AuditUnavailable
from ronda.command import app
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from server.audit.writer import AuditWriter, WriterOptions
from server.notifications import FOLDER, Notifications, append_lines, read_lines
from tests.kit.nation_kit import BuiltNation

PATROL = Grant({1: (1 << 64) - 1})  # open sections only
TRAFFIC = context_pb2.PURPOSE_TRAFFIC_STOP


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[AuditWriter]:
    auditors = [X25519PrivateKey.generate().public_key()]
    opened = AuditWriter(WriterOptions(tmp_path / "audit", auditors, segment_bytes=1 << 20, reserve_bytes=0), "w0")
    take_discreet_looks()  # other tests' looks
    yield opened
    opened.close()


def look(nation: BuiltNation, writer: AuditWriter, who: str) -> checks.CheckPersonResponse:
    caller = Caller(json.dumps({"nip": "4711", "unit": "C-31"}).encode())
    caller.give(TRAFFIC, PATROL, methods=EVERY_METHOD)
    request = checks.CheckPersonRequest(
        cui=nation.cast["persons"][who],
        context=context_pb2.RequestContext(purpose=TRAFFIC, case_number="C-9"),
    )
    content = nation.engine.answer(
        Method.CHECK_PERSON, request.SerializeToString(), caller, nation.as_of_ms, writer.log
    )
    return checks.CheckPersonResponse.FromString(content)


def test_the_owner_reads_who_looked(small_nation: BuiltNation, writer: AuditWriter, tmp_path: Path) -> None:
    """A patrol that may not see the alert looks: the register's file names the alert, the officer and the answer."""
    response = look(small_nation, writer, "discreet")
    look(small_nation, writer, "wanted")
    assert not response.answer.hits
    Notifications(tmp_path / FOLDER).close(small_nation.engine)
    (line,) = read_lines(tmp_path / FOLDER)
    assert line["register"] == "mp"
    assert line["records"]
    assert line["subject"] == response.person.subject_id
    assert line["answer_id"] == response.answer.answer_id
    assert line["asker"] == {"nip": "4711", "unit": "C-31"}
    assert (line["how"], line["purpose"], line["case_number"]) == ("asked", "TRAFFIC_STOP", "C-9")
    (path,) = (tmp_path / FOLDER).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert small_nation.cast["persons"]["discreet"] not in path.read_text(encoding="utf-8")


def test_no_record_no_notification(small_nation: BuiltNation, writer: AuditWriter) -> None:
    """An answer that did not leave showed nobody to anybody."""
    writer.log.stop()
    with pytest.raises(AuditUnavailable):
        look(small_nation, writer, "discreet")
    assert take_discreet_looks() == ([], 0)


def test_the_command_lists_one_register(tmp_path: Path) -> None:
    append_lines(
        tmp_path / FOLDER, [a_line("mp", "2026-11-24T10:00:00.000+00:00"), a_line("oj", "2026-11-24T11:00:00")]
    )
    said = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path), "--register", "mp", "--json"])
    assert [line["register"] for line in json.loads(said.output)] == ["mp"]
    table = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path), "--since", "2026-11-24T04:30"])
    assert "oj" in table.output
    assert "mp" not in table.output


def test_a_directory_that_cannot_be_read_is_no_empty_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path / "gone")])
    assert (gone.exit_code, "gone" in gone.output) == (2, True)
    monkeypatch.setenv("RONDA_DATA", str(tmp_path))  # the settings' own, as on a server
    assert CliRunner().invoke(app, ["notifications"]).exit_code == 0


def test_a_line_that_was_cut_is_passed_over(tmp_path: Path) -> None:
    append_lines(tmp_path, [a_line("mp", "2026-11-24T10:00:00")])
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 5)
    append_lines(tmp_path, [a_line("mp", "2026-11-24T10:00:00"), a_line("mp", "2026-11-24T10:00:01")])
    assert [line["at"][-2:] for line in read_lines(tmp_path)] == ["00", "01"]


def test_a_mistyped_number_that_suggests_hers_is_told_as_such(
    small_nation: BuiltNation, writer: AuditWriter, tmp_path: Path
) -> None:
    """The CUI with two digits swapped: the answer reveals that it is on file, so its owner is notified."""
    cui = small_nation.cast["persons"]["discreet"]
    caller = Caller(b"{}")
    caller.give(TRAFFIC, PATROL, methods=EVERY_METHOD)
    place = next(i for i in range(12) if cui[i] != cui[i + 1])
    slipped = cui[:place] + cui[place + 1] + cui[place] + cui[place + 2 :]
    request = checks.CheckRequest(query=slipped, context=context_pb2.RequestContext(purpose=TRAFFIC))
    answered = small_nation.engine.answer(
        Method.CHECK, request.SerializeToString(), caller, small_nation.as_of_ms, writer.log
    )
    assert cui in checks.CheckResponse.FromString(answered).suggestions
    Notifications(tmp_path / FOLDER).close(small_nation.engine)
    assert [line["how"] for line in read_lines(tmp_path / FOLDER)] == ["suggested"]


def test_what_would_print_an_empty_list_by_mistake_is_refused(tmp_path: Path) -> None:
    append_lines(tmp_path / FOLDER, [a_line("mp", "2026-11-24T10:00:00")])

    def listed(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path), *more])
        return done.exit_code, done.output

    for wrong in (("--since", "ayer"), ("--since", "24/11/2026"), ("--register", "pm")):
        status, said = listed(*wrong)
        assert status == 2, wrong
        assert f"{wrong[0]} {wrong[1]}: " in said
    for right in (("--since", "2026-11-24"), ("--since", "2026-11-24T04:00:00-06:00"), ("--register", "mp")):
        assert "Avisos: 1" in listed(*right)[1], right
    assert "Avisos: 0" in listed("--since", "2026-11-24T04:00:01-06:00")[1]


def test_a_full_disk_delays_what_is_written(tmp_path: Path) -> None:
    waiting = Notifications(tmp_path / FOLDER)
    waiting._waiting = [a_line("mp", "2026-11-24T10:00:00")]
    (tmp_path / FOLDER).touch()  # a file where the directory should be
    waiting.close(None)
    (tmp_path / FOLDER).unlink()
    waiting.close(None)
    assert len(read_lines(tmp_path / FOLDER)) == 1


def a_line(register: str, at: str) -> dict[str, Any]:
    return {
        **{"at": at, "register": register, "records": ["D-1"], "subject": "00" * 16, "how": "asked"},
        **{"method": "Check", "purpose": "AUDIT", "case_number": "", "answer_id": "", "generation": "", "asker": {}},
    }
