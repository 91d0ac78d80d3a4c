"""Each fault that an installation may have is found and named, with its remedy."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.ledger.change import Change, Kind
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.writer import LedgerWriter
from ronda.doctor import disk_checks, machine_checks
from ronda.doctor.checkup import check_up
from ronda.doctor.findings import KINDS
from ronda.settings import Settings, load_settings
from server.audit.keys import make_signing_keys
from server.audit.set_up import audit_directory, prepare_audit
from server.feed.seen_ledger import SeenLedger, lacking_feeds, note_ledger
from tests.audit.restored_kit import RestoredLog
from tests.command.terminal import piped
from tests.core.ledger.archived_ledger import archive
from tests.doctor.doctor_page import HEAD, PAGE, table
from tests.server.running_server import ROOT, RunningServer, until


def _found(settings: Settings, *, deep: bool = False) -> set[str]:
    return {each.kind.name for each in check_up(settings, deep=deep)}


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_installation_has_no_finding(settings: Settings, deep: bool) -> None:
    assert check_up(settings, deep=deep) == []


def _generation(data: Path) -> Path:
    return data / "generations" / (data / "CURRENT").read_text().strip()


def _put(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda data: (data / name).write_bytes(content)


def _cut(file: Callable[[Path], Path]) -> Callable[[Path], object]:
    return lambda data: os.truncate(file(data), file(data).stat().st_size - 1)


def _unmount_audit(data: Path) -> None:
    shutil.rmtree(data / "audit")
    (data / "audit").mkdir(mode=0o700)


def _a_file_for_the_audit(data: Path) -> None:
    shutil.rmtree(data / "audit")
    (data / "audit").write_bytes(b"")


def _auditor_key_of_another_kind(data: Path) -> None:
    shutil.rmtree(data / "audit-keys")
    make_signing_keys(data / "audit-keys")
    shutil.copy(data / "audit-keys" / "signing.pub", data / "audit-keys" / "auditor.pub")


def _mart_without_key(data: Path) -> None:
    (data / "mart").mkdir()
    (data / "mart" / "CURRENT").write_text("20260101T000000Z-00000000")


def _lose_key_and_notes(data: Path) -> None:
    (data / "served.json").unlink()
    (data / "subject.key").unlink()
    _unmount_audit(data)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "CURRENT empty": (_put("CURRENT", b""), "generation_missing"),
    "CURRENT names another": (_put("CURRENT", b"20260101T000000Z-00000000\n"), "generation_damaged"),
    "a file of the generation cut": (_cut(lambda data: _generation(data) / "dossiers.bin"), "generation_damaged"),
    "one that the server does not open": (
        lambda data: (_generation(data) / "links.parquet").unlink(),
        "generation_damaged",
    ),
    "the same cut": (_cut(lambda data: _generation(data) / "links.parquet"), "generation_damaged"),
    "subject.key of another": (_put("subject.key", b"x" * 32), "secret_swapped"),
    "subject.key cut": (_put("subject.key", b"x" * 31), "secret_damaged"),
    "subject.key lost": (lambda data: (data / "subject.key").unlink(), "part_lost"),
    "the mart's key lost": (_mart_without_key, "secret_missing"),
    "subject.key lost, and the notes": (_lose_key_and_notes, "secret_missing"),
    "page.key cut": (_put("page.key", b"x"), "secret_damaged"),
    "recall lost": (lambda data: shutil.rmtree(data / "recall"), "part_lost"),
    "recall emptied": (_put("recall/recall.db", b""), "database_damaged"),
    "recall is no database": (_put("recall/recall.db", b"x" * 8192), "database_damaged"),
    "hash.key cut": (lambda data: os.truncate(data / "audit" / "hash.key", 10), "secret_damaged"),
    "ledger's head": (_put("ledger/changes.log", b"x" * 64), "ledger_damaged"),
    "the ledger's archive is elsewhere": (lambda data: shutil.rmtree(archive(data)), "ledger_archive_away"),
    "audit not mounted": (_unmount_audit, "part_lost"),
    "audit directory gone": (lambda data: shutil.rmtree(data / "audit"), "part_lost"),
    "a file in the audit's place": (_a_file_for_the_audit, "audit_unusable"),
    "page.key lost": (lambda data: (data / "page.key").unlink(), "part_made_anew"),
    "the ledger's note cannot be read": (_put("ledger.seen.json", b"{"), "ledger_put_back"),
    "seals altered": (lambda data: (data / "audit" / "seals").write_bytes(b""), "audit_damaged"),
    "the auditor's key is of another kind": (_auditor_key_of_another_kind, "secret_damaged"),
    "a key for everybody": (lambda data: (data / "page.key").chmod(0o644), "open_to_others"),
    "directory for everybody": (lambda data: data.chmod(0o755), "open_to_others"),
    "half a restore": (lambda data: (data / ".restoring").mkdir(), "files_unusable"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(name: str, settings: Settings) -> None:
    spoil, expected = BROKEN[name]
    spoil(settings.data)
    assert expected in _found(settings)


def test_a_log_that_its_second_keeper_is_ahead_of_is_named(settings: Settings, tmp_path: Path) -> None:
    """Nothing more is signed in it."""
    directory, keeper = audit_directory(settings), tmp_path / "keeper"
    shutil.copytree(directory / "checkpoints", keeper)
    kept = settings.model_copy(update={"audit_keeper": str(keeper)})
    assert _found(kept) == set()
    newest = max((directory / "checkpoints").glob("20*"))
    texts = newest.read_text().split("ronda audit checkpoint 1\n")[1:]
    assert texts
    newest.write_text("".join(f"ronda audit checkpoint 1\n{text}" for text in texts[:-1]))
    assert _found(kept) == {"audit_damaged"}


def test_an_audit_directory_that_a_start_makes_is_not_unusable(settings: Settings) -> None:
    """The disk was not mounted, and no directory stands there: the start makes it, and answers."""
    shutil.rmtree(settings.data / "audit")
    assert _found(settings) == {"part_lost"}
    prepare_audit(settings, development=True)
    assert audit_directory(settings).is_dir()


def test_an_older_copy_of_the_ledger_is_told_as_the_start_tells_it(tmp_path: Path) -> None:
    """The folder `ledger` alone was put back; the note beside it knows how far it was."""
    folder = tmp_path / "ledger"
    writer = LedgerWriter(folder)
    places = writer.append([Change(Kind.FRESH, "oj", "court"), Change(Kind.FRESH, "oj", "court")], 1)
    offset, entry = places[-1]
    place = NotedPlace(ledger=writer.ledger_id.hex(), sequence=entry.sequence, offset=offset, digest=digest_of(entry))
    writer.close()
    note_ledger(tmp_path, SeenLedger(place=place, feeds=frozenset({("court", "oj")})))
    settings = load_settings(data=tmp_path, metrics="off")
    assert list(disk_checks.ledger(settings, deep=False)) == []
    shutil.rmtree(folder)
    older = LedgerWriter(folder)
    older.append([Change(Kind.FRESH, "oj", "court")], 1)
    older.close()
    assert [each.kind.name for each in disk_checks.ledger(settings, deep=False)] == ["ledger_put_back"]
    assert lacking_feeds(tmp_path, note_expected=True) == {("court", "oj")}


def test_a_restoration_that_waits_is_told_as_the_log_tells_it(tmp_path: Path) -> None:
    """It said to declare it, which had been done."""
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("early")
    log.go_on()
    log.restore("early")
    keys = log.house.keys
    given = {"audit": log.house.audit, "audit_keeper": log.keeper, "audit_auditor_key": keys / "auditor.pub"}
    settings = load_settings(data=tmp_path / "data", metrics="off", audit_signing_key=keys / "signing.key", **given)

    def found(*, deep: bool) -> set[str]:
        return {each.kind.name for each in disk_checks.audit_log(settings, deep=deep)}

    for deep in (False, True):
        assert found(deep=deep) == {"audit_damaged"}
    log.declared()
    for deep in (False, True):
        assert found(deep=deep) == {"audit_restoration_waits"}
    assert log.accept("--yes").exit_code == 0
    for deep in (False, True):
        assert found(deep=deep) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_a_file_of_another_account_is_named(settings: Settings) -> None:
    os.chown(settings.data / "hotlist.key", 65534, 65534)
    assert _found(settings) == {"owner_differs"}


def test_a_log_signed_with_another_key_is_named(settings: Settings) -> None:
    (settings.data / "audit-keys" / "signing.key").unlink()
    (settings.data / "audit-keys" / "signing.pub").unlink()
    make_signing_keys(settings.data / "audit-keys")
    assert _found(settings) == {"secret_swapped"}


def test_a_change_of_the_signing_key_that_was_interrupted_is_told(settings: Settings, tmp_path: Path) -> None:
    """And ends as the finding says."""
    make_signing_keys(tmp_path / "next")
    signing, following = settings.data / "audit-keys" / "signing.key", tmp_path / "next" / "signing.key"
    signing.write_bytes(signing.read_bytes() + following.read_bytes())
    for deep in (False, True):
        assert _found(settings, deep=deep) == {"audit_key_changing"}
    done = piped("audit", "change-key", "--new", str(following), RONDA_DATA=str(settings.data))
    assert done.returncode == 0, done.stderr
    assert _found(settings, deep=True) == set()


def test_a_byte_altered_in_a_dossier_is_found_deep(settings: Settings) -> None:
    file = _generation(settings.data) / "dossiers.bin"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert "generation_damaged" in _found(settings, deep=True)


def test_an_unsynchronised_clock_and_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "is_synchronised", lambda: False)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 95, 5))
    assert _found(settings) == {"clock_unsynchronised", "disk_nearly_full"}


def test_nobody_answers_at_the_metrics_address(settings: Settings) -> None:
    assert _found(load_settings(data=settings.data, metrics="127.0.0.1:1")) == {"not_answering"}


def test_a_server_that_serves_is_sound_and_without_generation_is_not(settings: Settings, tmp_path: Path) -> None:
    server = RunningServer(settings.data, tmp_path / "log", workers=1).wait_ready()
    try:
        found = check_up(load_settings(data=settings.data, metrics=server.metrics_address), deep=False)
        assert {each.kind.name for each in found} <= {"live_silent"}  # the ledger was made, and nobody applies it
    finally:
        server.stop()


def test_a_register_that_answers_show_as_stale_is_told(settings: Settings, tmp_path: Path) -> None:
    """Entries that no `ronda live` shows, of a source that may lack changes: answers are GRIS for it."""
    shutil.rmtree(settings.data / "ledger")
    (settings.data / "ledger.seen.json").unlink(missing_ok=True)
    ledger = LedgerWriter(settings.data / "ledger")
    ledger.append([Change(Kind.UPSERT, "oj", "court", record_id="K-1", source_sequence=1, event_ms=1)], 1)
    ledger.close()
    server = RunningServer(settings.data, tmp_path / "log", workers=1).wait_ready()
    served = load_settings(data=settings.data, metrics=server.metrics_address)
    try:
        found = until(lambda: [each for each in check_up(served, deep=False) if each.kind.name == "register_not_fresh"])
    finally:
        server.stop()
    assert "oj" in {each.where for each in found}
    assert all(each.detail.startswith("STALE") for each in found if each.where == "oj")


def test_a_server_without_a_generation_does_not_serve(settings: Settings, tmp_path: Path) -> None:
    (settings.data / "CURRENT").unlink()
    shutil.rmtree(settings.data / "generations")
    server = RunningServer(settings.data, tmp_path / "log", workers=1).wait_ready()
    try:
        found = check_up(load_settings(data=settings.data, metrics=server.metrics_address), deep=False)
        details = {each.kind.name: each.detail for each in found}
        assert details.keys() >= {"not_serving", "generation_missing"}
        assert details["not_serving"] == "NO_GENERATION"
    finally:
        server.stop()


def test_the_page_has_every_kind_and_its_anchors_exist() -> None:
    assert HEAD + table() in PAGE.read_text(encoding="utf-8")
    for kind in KINDS.values():
        page, _, anchor = kind.page.partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, kind.page


def test_an_archive_is_read_where_it_is_looked_at_deeply(settings: Settings) -> None:
    segments = archive(settings.data)
    assert list(disk_checks.ledger(settings, deep=True)) == []
    path = next(segments.iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    assert [each.kind.name for each in disk_checks.ledger(settings, deep=True)] == ["ledger_damaged"]
