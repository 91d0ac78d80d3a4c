"""A pipe, a device or JSON of any depth in a file's place: refused at once, never waited for, no traceback."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.agency.checkpoint import Checkpoint
from clients.agency.failures import AgencyError
from clients.certificate.signer import KeysUnusable, Trusted
from clients.client.identity import Identity
from clients.client.own_files import trouble_of_files
from clients.client.trouble import Trouble
from core.generation.subject_key import check_subject_key
from server.audit.checkpoints import CheckpointFiles
from server.audit.keys import current_hash_key, kept_hash_keys, load_auditor_private
from server.audit.seals import SealsDamaged, read_seals
from server.certificates.directory import OfficeDirectory, WordingUnusable

_DEEP = "[" * 200_000


def _raised(work: Callable[[], object]) -> list[str]:
    """Returns what `work` raised, of a thread of its own: a read that waits for ever would end no test."""
    found: list[str] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            found.append(type(error).__name__)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return found


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("subject.key", lambda path: check_subject_key(path.parent, None)),
        ("seals", lambda path: read_seals(path.parent)),
        ("hash.key", lambda path: kept_hash_keys(path.parent, 0)),
        ("hash.key", lambda path: current_hash_key(path.parent, 0)),
        ("auditor.key", load_auditor_private),
        ("2026-12-02", lambda path: list(CheckpointFiles(path.parent).texts())),
        ("restorations", lambda path: CheckpointFiles(path.parent).restoration_texts()),
        ("car.token", lambda path: Identity.beside(path.with_suffix("")).token_source().text()),
        ("car.pem", lambda path: trouble_of_files(Identity.beside(path.with_suffix("")))),
        ("x.avance.json", Checkpoint.load),
    ],
)
@pytest.mark.parametrize("device", [False, True])
def test_what_is_no_file_is_not_waited_for(
    tmp_path: Path, name: str, read: Callable[[Path], object], device: bool
) -> None:
    path = tmp_path / name
    if device:
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
    assert _raised(lambda: read(path))


def test_deep_json_is_damage_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "seals").write_text(f"{_DEEP}\n")
    with pytest.raises(SealsDamaged):
        read_seals(tmp_path)
    (tmp_path / "office.json").write_text(_DEEP)
    with pytest.raises(WordingUnusable):
        OfficeDirectory.read(tmp_path)
    (tmp_path / "tokens.jwks.json").write_text(_DEEP)
    OfficeDirectory.make(tmp_path / "office", "x", "X", "", 10)
    with pytest.raises(KeysUnusable):
        Trusted.read(tmp_path / "office" / "public" / "authority.pem", tmp_path / "tokens.jwks.json")
    (tmp_path / "x.avance.json").write_text(_DEEP)
    with pytest.raises(AgencyError):
        Checkpoint.load(tmp_path / "x.avance.json")


def test_a_file_that_holds_no_token_is_said_to_be_none(tmp_path: Path) -> None:
    office = OfficeDirectory.make(tmp_path / "office", "x", "X", "", 10)
    certificate, key, authority, _ = office.signer_files
    identity = Identity(authority, certificate, key, tmp_path / "x.token")
    assert trouble_of_files(identity) is None
    for content in (b"a.b.c\n", b""):
        identity.token.write_bytes(content)  # type: ignore[union-attr]
        assert trouble_of_files(identity) is None
    for content in (b"a\nb", b"\x1b[2J", b"\xff\x00", json.dumps({"a": "b c"}).encode()):
        identity.token.write_bytes(content)  # type: ignore[union-attr]
        assert trouble_of_files(identity) is Trouble.OWN_TOKEN_IS_NONE
