"""Issuing certificates and refusing them, at a real server; each one issued stands in log and store first."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest

from clients.certificate.validity import end_of, last_day
from ronda.commands.exit_status import ExitStatus
from server.audit.looking import Tool
from server.certificates.store import CertificateStore, Standing
from tests.certificates.counter import CLERK, Counter
from tests.kit.personal_data import PersonalData


def page_text(pdf: bytes) -> str:
    """Returns what stands on the pages, in one line."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def numbers_in_store(counter: Counter) -> set[str]:
    if not counter.office.store.exists():  # nothing was issued yet: which tests came before is chance
        return set()
    with closing(sqlite3.connect(counter.office.store)) as database:
        return {number for (number,) in database.execute("SELECT number FROM certificate")}


def store_bytes(counter: Counter) -> bytes:
    """The database's files as they lie, read by another process: to open one here ends the locks of this process."""
    return subprocess.run(
        ["cat", *counter.office.path.glob("certificates.sqlite3*")], check=True, capture_output=True
    ).stdout


@pytest.mark.parametrize(
    ("standard", "title"),
    [
        ("wanted", "órdenes vigentes"),
        ("police", "antecedentes policiacos"),
        ("criminal", "antecedentes penales"),
        ("renas", "Agresores Sexuales"),
    ],
)
def test_who_has_nothing_gets_a_page_that_says_so(counter: Counter, standard: str, title: str) -> None:
    told = counter.issued("clean", standard)
    text = page_text(told["pdf"])
    cui = counter.cui("clean")
    assert title in text
    assert "SIN REGISTRO" in text
    assert f"{cui[:4]} {cui[4:9]} {cui[9:]}" in text
    assert counter.name("clean") in text.upper()
    assert told["number"] in text
    assert told["generation"] in text
    assert "RENAP" in text, "the register of identity, with its as-of"
    assert "Oficina de Constancias" in text
    (stored,) = [each for each in numbers_in_store(counter) if each == told["number"]]
    assert stored
    assert stat.S_IMODE((counter.office.store).stat().st_mode) == 0o600
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in counter.out.iterdir())


@pytest.mark.parametrize(
    ("who", "standard", "outcome", "reason"),
    [
        ("wanted", "wanted", "WITH_RECORD", "RECORD"),
        ("sentenced", "criminal", "WITH_RECORD", "RECORD"),
        ("renas", "renas", "WITH_RECORD", "RECORD"),
        ("deceased", "wanted", "REVIEW", "DECEASED"),
        ("misused", "criminal", "REVIEW", "MISUSED"),
        ("two_names", "criminal", "REVIEW", "CONFLICT"),
        ("wanted_by_several_1", "wanted", "REVIEW", "NAME_MATCH"),
        ("minor", "police", "MINOR", "MINOR"),
    ],
)
def test_nobody_else_gets_one(counter: Counter, who: str, standard: str, outcome: str, reason: str) -> None:
    before, files = numbers_in_store(counter), set(counter.out.iterdir())
    told = counter.told("--cui", counter.cui(who), "--standard", standard, status=ExitStatus.NOT_ISSUED)["error"]
    assert (told["outcome"], told["reason"], told["issued"]) == (outcome, reason, False)
    assert (told["review"] != "") == (outcome == "REVIEW")
    assert numbers_in_store(counter) == before
    assert set(counter.out.iterdir()) == files
    assert not PersonalData(counter.nation).within(told["text"])


def test_a_number_of_nobody_is_for_review(counter: Counter) -> None:
    told = counter.told("--cui", "1234567890101", "--standard", "police", status=ExitStatus.NOT_ISSUED)["error"]
    assert (told["outcome"], told["reason"]) == ("REVIEW", "NOT_FOUND")


def test_of_a_child_nothing_but_identity_is_asked(counter: Counter) -> None:
    counter.run("--cui", counter.cui("minor"), "--standard", "criminal")
    newest = counter.records()[0]
    assert newest.method != 9, "no Clear"
    assert Tool.CERTIFICATE_REVIEW not in {record.method for record in counter.records()[:1]}


def test_a_mistyped_number_is_named_and_not_asked(counter: Counter) -> None:
    for cui, rule in (("12345", "longitud"), ("23571113601O1", "caracteres"), ("1234567880101", "verificador")):
        result = counter.run("--cui", cui, "--standard", "police")
        assert result.exit_code == ExitStatus.CALLER, result.output
        assert "CUI" in result.output.upper()
        assert rule in result.output
        assert cui not in result.output


def test_standard_and_cui_are_required(counter: Counter) -> None:
    assert counter.run("--cui", counter.cui("clean")).exit_code == ExitStatus.CALLER
    assert counter.run("--standard", "police").exit_code == ExitStatus.CALLER
    assert counter.run("--cui", counter.cui("clean"), "--standard", "all").exit_code == ExitStatus.CALLER


def test_it_stands_in_the_log_before_it_appears(counter: Counter) -> None:
    told = counter.issued("clean", "renas")
    record = counter.records()[0]
    assert record.method == Tool.CERTIFICATE_ISSUE
    assert record.identity["nip"] == CLERK
    assert record.segment.startswith("certificates/") if isinstance(record.segment, str) else record.segment
    said = counter.said(record)
    assert (said["number"], said["sha256"]) == (told["number"], told["sha256"])
    assert not PersonalData(counter.nation).within(str(said))


def test_no_record_no_certificate(counter: Counter, tmp_path: Path) -> None:
    """The audit directory cannot be written: nothing is stored, nothing appears."""
    before = numbers_in_store(counter)
    (tmp_path / "file").write_text("no directory", encoding="ascii")
    result = counter.run(
        "--cui", counter.cui("clean"), "--standard", "police", "--out", tmp_path / "c.pdf", "--audit", tmp_path / "file"
    )
    assert result.exit_code in (ExitStatus.OURS, ExitStatus.CALLER), result.output
    assert not (tmp_path / "c.pdf").exists()
    assert numbers_in_store(counter) == before


def test_a_file_is_never_overwritten_and_a_full_disk_says_what_to_do(counter: Counter, tmp_path: Path) -> None:
    path = tmp_path / "c.pdf"
    path.write_bytes(b"mine")
    result = counter.run("--cui", counter.cui("clean"), "--standard", "police", "--out", path)
    assert result.exit_code == ExitStatus.CALLER
    assert path.read_bytes() == b"mine"
    before = numbers_in_store(counter)
    told = counter.told(
        "--cui", counter.cui("clean"), "--standard", "police", "--out", tmp_path / "none" / "c.pdf",
        status=ExitStatus.OURS,
    )["error"]  # fmt: skip
    assert {told["number"]} == numbers_in_store(counter) - before, "what may have been handed out is in the store"
    assert "revóquela" in told["text"]


KILLED = """
import os, signal, sys
from server.certificates.store import CertificateStore
from ronda.command import main
whole, moment = CertificateStore.issue, sys.argv.pop(1)
def cut(self, issued):
    if moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    whole(self, issued)
    os.kill(os.getpid(), signal.SIGKILL)
CertificateStore.issue = cut
main()
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_between_signing_and_handing_out(counter: Counter, tmp_path: Path, moment: str) -> None:
    """A certificate that is handed out is always in the store: killed before that, nothing appears."""
    before, path = numbers_in_store(counter), tmp_path / "c.pdf"
    arguments = ["certificate", "--cui", counter.cui("clean"), "--standard", "police", "--out", str(path)]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, moment, *arguments],
        env={**os.environ, **counter.environment()},
        check=False,
        capture_output=True,
    )
    assert ended.returncode == -9, ended.stderr
    assert not path.exists()
    assert len(numbers_in_store(counter) - before) == (moment == "after")


def test_two_at_once(counter: Counter, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "ronda.command", "certificate", "--standard", "police"]
    arguments += ["--cui", counter.cui("clean"), "--out"]
    paths = [tmp_path / "1.pdf", tmp_path / "2.pdf"]
    environment = {**os.environ, **counter.environment()}
    before = numbers_in_store(counter)
    with ThreadPoolExecutor(2) as pool:
        ended = list(
            pool.map(
                lambda path: subprocess.run([*arguments, path], env=environment, check=False, capture_output=True),
                paths,
            )
        )
    assert [each.returncode for each in ended] == [0, 0], [each.stderr for each in ended]
    assert len(numbers_in_store(counter) - before) == 2
    assert paths[0].read_bytes() != paths[1].read_bytes()


def test_the_store_holds_nobody(counter: Counter) -> None:
    counter.issued("clean", "police")
    content = store_bytes(counter)
    assert counter.cui("clean").encode() not in content
    assert not PersonalData(counter.nation).within(content.decode("latin-1"))


def test_six_months_to_the_end_of_the_last_day(counter: Counter) -> None:
    told = counter.issued()
    issued = datetime.fromisoformat(told["issued_at"])
    assert told["valid_until"] == last_day(issued).isoformat()
    store = CertificateStore(counter.office.store, read_only=True)
    end = int(end_of(last_day(issued)).timestamp())
    assert store.standing(told["number"], end - 1) is Standing.VALID
    assert store.standing(told["number"], end) is Standing.EXPIRED
    store.close()
    august = datetime(2026, 8, 31, 23, tzinfo=UTC)
    assert last_day(august).isoformat() == "2027-02-28"
    assert last_day(datetime(2026, 12, 1, 3, tzinfo=UTC)).isoformat() == "2027-05-30", "30 November in Guatemala"
    assert end_of(last_day(august)) - august > timedelta(days=181)
