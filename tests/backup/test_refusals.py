"""A copy that is not whole is refused before anything is written; what it holds wrong, before anybody serves it."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ronda.copies.manifest import COPY, CopyRefused, manifest_bytes
from ronda.copies.parts import DATA, PARTS, Kept, known_in_data
from ronda.copies.taking import take
from ronda.settings import load_settings
from server.audit.keys import make_signing_keys
from server.processes.start_checks import check_files_of
from server.settings import SettingsError
from tests.command.terminal import piped
from tests.server.running_server import ROOT, RunningServer

PAGE = ROOT / "docs" / "backup.md"


@pytest.fixture
def copy(made_copy: Path, tmp_path: Path) -> Path:
    """A copy to be spoiled."""
    shutil.copytree(made_copy, tmp_path / "copy")
    return tmp_path / "copy"


def _restore(copy: Path, to: Path, *more: str) -> tuple[int, str]:
    done = piped("restore", str(copy), "--data", str(to), *more)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def _stated(copy: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes COPY.json and seals it again, as somebody would who wants to be believed."""
    document = json.loads((copy / COPY).read_bytes())
    document.pop("checksum")
    change(document)
    (copy / COPY).write_bytes(manifest_bytes(document))


def _again(copy: Path, arc: str) -> None:
    """States a file's digest as it is by now."""
    import hashlib

    data = (copy / arc).read_bytes()

    def change(document: dict[str, Any]) -> None:
        entry = next(each for each in document["entries"] if each["path"] == arc)
        entry.update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    _stated(copy, change)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _wrong(field: str, value: object) -> Callable[[Path], object]:
    """A value of the first entry, or of the document."""

    def change(document: dict[str, Any]) -> None:
        where, _, name = field.rpartition(".")
        (document["entries"][0] if where == "entries" else document)[name] = value

    return lambda copy: _stated(copy, change)


def _long_number(copy: Path) -> None:
    text = (copy / COPY).read_text()
    (copy / COPY).write_text(text.replace('"made_at_ms": ', '"made_at_ms": ' + "9" * 5000, 1))


# How it is spoilt -> what is said of it
SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte more": (lambda copy: _append(copy / "data" / "ledger" / "changes.log", b"x"), "no es como se copió"),
    "a byte altered": (lambda copy: (copy / "data" / "subject.key").write_bytes(b"x" * 32), "no es como se copió"),
    "a file gone": (lambda copy: (copy / "audit" / "seals").unlink(), "audit/seals: no está en la copia"),
    "a file of no entry": (
        lambda copy: (copy / "data" / "limits").write_bytes(b"x"),
        "data/limits: no está en COPY.json",
    ),
    "a link of no entry": (lambda copy: (copy / "data" / "more").symlink_to("/etc/passwd"), "no está en COPY.json"),
    "COPY.json gone": (lambda copy: (copy / COPY).unlink(), "sin COPY.json: la copia no llegó a su fin, o no es una"),
    "COPY.json altered": (
        lambda copy: (copy / COPY).write_text((copy / COPY).read_text().replace("server", "issuer")),
        "la suma del documento no concuerda",
    ),
    "COPY.json cut": (lambda copy: os.truncate(copy / COPY, 100), "COPY.json: está dañado: no se puede leer"),
    "COPY.json empty": (lambda copy: os.truncate(copy / COPY, 0), "COPY.json: está dañado: no se puede leer"),
    "COPY.json of other bytes": (lambda copy: (copy / COPY).write_bytes(b"\xff\xfe{"), "está dañado: no se puede leer"),
    "COPY.json of another kind": (
        lambda copy: (copy / COPY).write_text("[1]"),
        "COPY.json: no es de una copia de Ronda",
    ),
    "COPY.json without end": (
        lambda copy: (copy / COPY).write_text("[" * 99_999),
        "tiene un número o una forma que no puede ser",
    ),
    "a number without end": (_long_number, "tiene un número o una forma que no puede ser"),
    "a size below zero": (_wrong("entries.bytes", -1), "COPY.json: entries.0.bytes: no es un número que pueda ser"),
    "a size of no disk": (_wrong("entries.bytes", 10**400), "entries.0.bytes: no es un número que pueda ser"),
    "half a byte": (_wrong("entries.bytes", 0.5), "entries.0.bytes: no es un número que pueda ser"),
    "a mode that is none": (_wrong("entries.mode", 0o10000), "entries.0.mode: no es un número que pueda ser"),
    "a time that is none": (_wrong("made_at_ms", "ayer"), "made_at_ms: no es un número que pueda ser"),
    "a digest that is none": (_wrong("entries.sha256", "x"), "entries.0.sha256: no es lo que debe ser"),
    "what no release states": (_wrong("entries.colour", 1), "entries.0.colour: esta versión de Ronda no lo conoce"),
    "of another version": (_wrong("copy_version", 2), "COPY.json: es de otra versión de Ronda"),
    "a folder missing": (lambda copy: _stated(copy, lambda document: document.pop("roots")), "COPY.json: falta roots"),
    "a path out of the copy": (
        lambda copy: _stated(
            copy, lambda document: document["entries"].append({"path": "data/../../x", "mode": 0o600})
        ),
        "una ruta sale de la copia",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_copy_that_is_not_whole_is_refused_and_nothing_is_written(name: str, copy: Path, tmp_path: Path) -> None:
    """In Spanish: who is called at night reads it."""
    spoil, wrong = SPOILED[name]
    spoil(copy)
    status, said = _restore(copy, tmp_path / "to")
    assert (status, wrong in " ".join(said.split())) == (2, True), said
    assert not (tmp_path / "to").exists()


def test_a_tar_that_is_cut_or_none_is_refused_in_words(served_world: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar"
    take(load_settings(data=served_world), whole)
    content = whole.read_bytes()
    with tarfile.open(whole) as tar:
        assert tar.getnames()[-1] == COPY, "written last: a copy that was cut has none"
        sized = [member for member in tar if member.size > 1024]
    within = sized[-2].offset_data + 700
    linked = io.BytesIO()
    with tarfile.open(fileobj=linked, mode="w") as tar:
        link = tarfile.TarInfo(COPY)
        link.type, link.linkname = tarfile.SYMTYPE, "data/nowhere"
        tar.addfile(link)
    none = "no es una copia de ronda backup"
    for text, wrong in (
        (b"", none),
        (content[:100], none),
        (content[:512], "está cortada"),
        (content[:within], "está cortada"),
        (content[: len(content) - 12_000], "está cortada"),
        (gzip.compress(content), none),
        (b"PK\3\4" + bytes(2000), none),
        (b"a letter\n" * 400, none),
        (content[:300] + b"\xff" * 200 + content[500:], none),
        (linked.getvalue(), "sin COPY.json"),
    ):
        cut = tmp_path / "cut.tar"
        cut.write_bytes(text)
        status, said = _restore(cut, tmp_path / "to")
        assert (status, wrong in " ".join(said.split())) == (2, True), said
    assert not (tmp_path / "to").exists()


def test_a_directory_that_holds_anything_is_refused(copy: Path, installation: Path, tmp_path: Path) -> None:
    server = RunningServer(installation, tmp_path / "log", workers=1, feed_sources="{}").wait_ready()
    try:
        status, said = _restore(copy, installation)
        assert status == 2
        assert str(installation) in said
    finally:
        server.stop()
    (tmp_path / "mount" / "lost+found").mkdir(parents=True)
    assert _restore(copy, tmp_path / "mount")[0] == 0
    assert (tmp_path / "mount" / "CURRENT").exists()


def _swap_signing_key(copy: Path) -> None:
    for name in ("signing.key", "signing.pub"):
        (copy / "audit-keys" / name).unlink()
    make_signing_keys(copy / "audit-keys")
    for name in ("signing.key", "signing.pub"):
        _again(copy, f"audit-keys/{name}")


def _recall_ahead(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "data" / "recall" / "recall.db")) as base:
        base.execute("UPDATE place SET sequence = 1000")
        base.commit()
    _again(copy, "data/recall/recall.db")


def _put(arc: str, content: bytes) -> Callable[[Path], object]:
    def spoil(copy: Path) -> None:
        (copy / arc).write_bytes(content)
        _again(copy, arc)

    return spoil


def _older_log(copy: Path) -> None:
    """Puts back a log of another moment than its checkpoints."""
    for segment in (copy / "audit" / "logs").rglob("*.seg"):
        os.truncate(segment, segment.stat().st_size - 8)
        _again(copy, str(segment.relative_to(copy)))


# How it is spoilt -> which proof fails, and what it says
WRONG: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "subject.key of another": (_put("data/subject.key", b"x" * 32), "llaves", "subject.key no es la de estos datos"),
    "signing.key of another": (_swap_signing_key, "llaves de la auditoría", "el registro está firmado con"),
    "no signing.key": (_put("audit-keys/signing.key", b"x"), "auditoría", "una llave no está, o no es la que debe ser"),
    "the log older than its checkpoints": (_older_log, "auditoría", "problemas"),
    "recall ahead of the ledger": (_recall_ahead, "bases de datos", "los avisos van por la entrada 1000"),
    "recall cut": (_put("data/recall/recall.db", b"SQLite format 3\0"), "bases de datos", "recall.db está dañada"),
    "a ledger without its end": (_put("data/ledger/changes.log", b""), "libro de cambios", "changes.log está dañado"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_together_is_not_served(name: str, copy: Path, tmp_path: Path) -> None:
    spoil, what, wrong = WRONG[name]
    spoil(copy)
    status, said = _restore(copy, tmp_path / "to", "--json")
    assert status == 3, said
    proofs = json.loads(said[: said.rindex("}") + 1])["proofs"]
    assert wrong in {proof["what"]: proof["problem"] for proof in proofs}[what], proofs
    with pytest.raises(SettingsError, match="restore that did not end"):
        check_files_of(load_settings(data=tmp_path / "to"))
    assert _restore(copy, tmp_path / "to")[0] == 2, "it is not empty"


def test_a_backup_that_fails_leaves_nothing(installation: Path, tmp_path: Path) -> None:
    (installation / "ledger" / "durable").write_bytes(b"x" * 40)
    with pytest.raises(CopyRefused):
        take(load_settings(data=installation), tmp_path / "copy")
    with pytest.raises(CopyRefused):
        take(load_settings(data=installation), tmp_path / "copy.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_place_that_can_be_no_copy_is_the_callers_mistake(installation: Path, tmp_path: Path) -> None:
    """Status 2, as for a place that can't be restored to. In the audit directory it was taken."""
    audit = tmp_path / "audit"
    (installation / "audit").rename(audit)
    (installation / "audit-keys").rename(tmp_path / "audit-keys")
    (tmp_path / "link").symlink_to(audit)
    places = {
        tmp_path: "ya existe",
        installation / "copy": "está dentro de lo que se copia",
        audit / "copy.tar": "está dentro de lo que se copia",
        tmp_path / "link" / "copy": "está dentro de lo que se copia",
        tmp_path / "audit-keys" / "copy": "está dentro de lo que se copia",
    }
    for place, said in places.items():
        done = piped("backup", str(place), "--data", str(installation), RONDA_AUDIT=str(audit))
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (audit / "copy.tar").exists()
    assert piped("backup", str(tmp_path / "copy"), "--data", str(tmp_path / "none")).returncode == 2


def test_settings_and_keys_go_to_a_directory_of_their_own(installation: Path, tmp_path: Path) -> None:
    from server.trust.development_ca import make_development_set

    etc = tmp_path / "etc"
    make_development_set(etc)
    config = etc / "ronda.toml"
    config.write_text(f'data = "{installation}"\n' + config.read_text().replace('/etc/audit"', '/far"'))
    (tmp_path / "far").mkdir(mode=0o700)
    (installation / "of_a_later_release").mkdir()
    (installation / "of_a_later_release" / "file").write_text("kept")
    copy = tmp_path / "copy.tar"
    done = piped("backup", str(copy), "--json", RONDA_CONFIG=str(config))
    assert done.returncode == 0, done.stderr
    assert "of_a_later_release" in json.loads(done.stdout)["unknown"]
    to = tmp_path / "to"
    assert _restore(copy, to)[0] == 2, "the audit log lay elsewhere: somebody says where it goes"
    given = ("--audit", str(tmp_path / "log"), "--settings", str(tmp_path / "etc-again"))
    status, said = _restore(copy, to, *given)
    assert status == 0, said
    for name in ("ronda.toml", "trust/policy.cedar", "server.key", "audit-keys/signing.key"):
        assert (tmp_path / "etc-again" / name).read_bytes() == (etc / name).read_bytes()
        assert (tmp_path / "etc-again" / name).stat().st_mode == (etc / name).stat().st_mode
    assert (to / "of_a_later_release" / "file").read_text() == "kept"
    assert not (to / "page.key").exists()
    assert not (tmp_path / "log-keys").exists(), "nothing of it is in the copy"
    left = [path for place in (to, tmp_path / "log", tmp_path / "etc-again") for path in place.glob(".restoring")]
    assert left == []


def test_every_name_of_a_data_directory_is_in_the_table(served_world: Path) -> None:
    names = {path.name for path in served_world.iterdir() if not path.name.startswith(".")}
    assert names - known_in_data() - {"audit", "audit-keys"} == set()
    spent = {part.place for part in PARTS if part.kept is Kept.SPENT}
    assert f"{DATA}limits" in spent


def test_the_page_shows_the_table() -> None:
    rows = [f"| `{part.place}` | {part.kept.value} | {part.why} |" for part in PARTS]
    table = PAGE.read_text(encoding="utf-8").split("| part | class | |\n|---|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == rows


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_root_gives_each_file_its_owner(copy: Path, tmp_path: Path) -> None:
    _stated(copy, lambda document: [each.update(user="nobody", group="nogroup") for each in document["entries"]])
    assert _restore(copy, tmp_path / "to")[0] == 0
    owners = {path.stat().st_uid for path in (tmp_path / "to").rglob("*")}
    assert owners == {65534}
    assert (tmp_path / "to" / "subject.key").stat().st_mode & 0o777 == 0o600
