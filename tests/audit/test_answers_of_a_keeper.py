"""Checks what the person at a second keeper may answer, and by which key."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.audit.keeping import Inconsistent
from server.audit.key_chain import named
from tests.audit.restored_kit import RestoredLog, answers, theirs

SECOND = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"9" * 32)


def test_what_a_person_refused_is_not_asked_for_again_unless_it_is_declared_again(log: RestoredLog) -> None:
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    log.declared()
    assert log.accept("--refuse").exit_code == 0
    with pytest.raises(Inconsistent, match="refused the restoration"):
        log.go_on()
    assert theirs(log).asked() == []
    assert log.accept("--yes").exit_code == 2, "nothing waits"
    log.declared()
    assert theirs(log).asked() != []
    assert log.accept("--yes").exit_code == 0
    assert log.go_on() == [7, 8, 9]
    assert [answer for answer, _ in answers(log)] == ["refused", "accepted"]
    assert log.accept("--refuse").exit_code == 2


def test_another_log_s_key_is_the_caller_s_mistake_and_no_damage(log: RestoredLog, tmp_path: Path) -> None:
    """Also where the keeper knows of a change of keys, by which it tells that the key is none of them."""
    log.go_on()
    theirs(log).write_key_changes([named(log.key, SECOND, 2, 1).text])
    other = tmp_path / "other.pub"
    other.write_bytes(STRANGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    done = log.ronda("witness-accept", "--directory", log.house.keeper, "--public-key", other, "--yes")
    assert (done.exit_code, "La llave indicada no es la de este registro" in done.output) == (2, True), done.output
