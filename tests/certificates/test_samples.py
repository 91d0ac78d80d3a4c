"""Certificates of invented people, or by a server in development mode: MUESTRA on paper, signed, and when checked."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest

from clients.certificate.online import check_online
from clients.certificate.refused import Fault, NotValid
from indexer.generations.invented import INVENTED_MARK, is_invented
from ronda.commands.exit_status import ExitStatus
from server.certificates.store import CertificateStore, Issued, Standing
from tests.certificates.counter import Counter
from tests.certificates.test_issuing import page_text
from tests.certificates.test_online import Online, online  # noqa: F401 - a fixture
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer
from tests.trust.conftest import start_trusted


@pytest.fixture(scope="module")
def invented(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Yields an office with invented people on its server, in production mode."""
    directory = Path(tmp_path_factory.mktemp("invented"))
    trusted = start_trusted(small_nation, directory)
    yield Counter(small_nation, trusted, directory)
    trusted.server.stop()
    shutil.rmtree(trusted.data)


def claims(token: str) -> dict[str, Any]:
    """Returns what a token says, as anybody reads it."""
    middle = token.split(".")[1]
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return document


def large_words(pdf: bytes) -> list[tuple[str, bool]]:
    """Returns, for each page, the words of over 60 points, and whether they stand aslant."""
    found: list[tuple[str, bool]] = []

    def visit(text: str, matrix: Any, place: Any, _font: Any, size: float) -> None:
        if size > 60 and text.strip():
            found.append((text.strip(), abs(matrix[1]) > 0.1 or abs(place[1]) > 0.1))

    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=visit)
    return found


def check_is_sample(counter: Counter, told: dict[str, Any], pdf: bytes, directory: Path) -> None:
    assert told["sample"] is True
    assert claims(told["token"])["res"] == "SAMPLE"
    pages = len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert large_words(pdf) == [("MUESTRA", True)] * pages
    assert "No certifica nada de nadie" in page_text(pdf)
    (directory / "shown.pdf").write_bytes(pdf)
    for shown in (directory / "shown.pdf", told["token"]):
        assert counter.told("verify", shown, status=ExitStatus.NOT_VALID)["error"]["fault"] == "SAMPLE"
        assert "es una MUESTRA" in counter.run("verify", shown).output
    store = CertificateStore(counter.office.store)
    assert store.standing(told["number"], int(time.time())) is Standing.SAMPLE
    store.close()


def test_of_invented_people(invented: Counter, tmp_path: Path) -> None:
    invented.sign_in()
    told = invented.issued()
    check_is_sample(invented, told, told["pdf"], tmp_path)


def test_by_a_server_in_development_mode(counter: Counter, tmp_path: Path) -> None:
    """The generation is not invented."""
    data = tmp_path / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, counter.nation.generation_directory).publish()
    server = RunningServer(data, tmp_path / "server.log").wait_ready()
    unset = {name: "" for name in counter.environment() if name.startswith("RONDA_")}
    given = {**unset, "RONDA_DATA": str(data), "RONDA_CERTIFICATE_OFFICE": str(counter.office.path)}
    try:
        pdf = tmp_path / "sample.pdf"
        told = counter.told(
            *("--cui", counter.cui("clean"), "--standard", "wanted", "--out", pdf, "--nip", "1001"),
            *("--server", server.address),
            given=given,
        )
    finally:
        server.stop()
    check_is_sample(counter, told, pdf.read_bytes(), tmp_path)


def test_of_real_people_nothing_says_so(counter: Counter) -> None:
    told = counter.issued()
    assert (told["sample"], large_words(told["pdf"]), claims(told["token"])["res"]) == (False, [], "NO_RECORD")
    assert "MUESTRA" not in page_text(told["pdf"])


def test_told_on_line(counter: Counter, online: Online) -> None:  # noqa: F811
    number = "-".join(["S" * 5] * 4)
    store = CertificateStore(counter.office.store)
    now = int(time.time())
    store.issue(Issued(number, b"p" * 32, "police", now, now + 1000, "0" * 64, "g", "a", sample=True))
    store.close()
    with pytest.raises(NotValid) as refused:
        check_online(online.address, number, online.authority.read_bytes(), 10)
    assert refused.value.fault is Fault.SAMPLE


def test_a_next_build_of_invented_people_is_of_invented_people(
    small_nation: BuiltNation, counter: Counter, tmp_path: Path
) -> None:
    """Extracts are carried forward: what once was invented is not forgotten with the mark."""
    assert (small_nation.registers / INVENTED_MARK).exists()
    current = small_nation.generation_directory.name
    assert is_invented(tmp_path, small_nation.data, current)
    assert is_invented(small_nation.registers, tmp_path, None)
    assert not is_invented(tmp_path, counter.nation.data, counter.nation.generation_directory.name)
    assert not is_invented(tmp_path, tmp_path, None)


def test_a_store_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "certificates.sqlite3"
    store = CertificateStore(path)
    before = Issued("N", b"p" * 32, "police", 1000, 2_000_000_000_000, "0" * 64, "g", "a")
    store.issue(before)
    store.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE certificate DROP COLUMN sample")
        database.execute("PRAGMA user_version = 1")
        database.commit()
    store = CertificateStore(path)
    assert store.issued("N") == before and store.standing("N", 5000) is Standing.VALID
    store.issue(replace(before, number="M", sample=True))
    assert store.standing("M", 5000) is Standing.SAMPLE
    store.close()
