"""A log that was put back from a copy is signed again by the word of two persons, and by nobody else's."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.accepting import take_restorations
from server.audit.keepers import DirectoryKeeper, KeeperError, WitnessKeeper
from server.audit.keeping import Inconsistent
from server.audit.restorations import RestorationError, Restorations, read_restoration
from server.audit.seals import append_seals, read_seals
from server.audit.witness import Witness, start_witness
from tests.audit.restored_kit import RestoredLog, alter, answers, as_json, declared_by, own, theirs

SECOND = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"9" * 32)
WAITS = "waits for a person at the second keeper"


def test_two_persons_have_a_restored_log_signed_again(log: RestoredLog) -> None:
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    with pytest.raises(Inconsistent, match="rolled back"):
        log.go_on()
    assert log.accept("--yes").exit_code == 2, "nothing waits yet"
    done = log.ronda("restored")
    assert done.exit_code == 0, done.output
    assert "Se pierden los puntos de control 4 a 6" in done.stdout
    for _ in range(2):
        with pytest.raises(Inconsistent, match=f"checkpoints 4 to 6 {WAITS}"):
            log.go_on()
    assert [each.number for each in log.checkpoints()] == [1, 2, 3]
    told = log.verify()
    assert (told.exit_code, "Íntegra" in told.stdout) == (1, False)
    assert "no aceptó que se repuso de una copia" in told.stdout
    assert log.found()[1]
    assert log.ronda("restored").exit_code == 0, "the same is asked again"
    assert len(own(log).restoration_texts()) == 1
    declined = log.accept(input="\n")
    assert (declined.exit_code, theirs(log).restoration_texts()) == (3, [])
    accepted = log.accept(input="Acepto\n")
    assert accepted.exit_code == 0, accepted.output
    assert "Se pierden los puntos de control 4 a 6" in accepted.stdout
    assert answers(log) == [("accepted", hashlib.sha256(theirs(log).restoration_texts()[0].encode()).hexdigest())]
    assert log.go_on() == [7, 8, 9]
    assert own(log).restoration_texts() == theirs(log).restoration_texts()
    assert log.found() == ([], [])
    told = log.verify()
    assert told.exit_code == 0, told.output
    assert "REPUESTA DE UNA COPIA: se perdieron los puntos de control 4 a 6, de " in told.stdout
    assert told.stdout.index("REPUESTA") < told.stdout.index("Íntegra")
    (restoration,) = as_json(log.verify("--json"))["restorations"]
    assert (restoration["kept"], restoration["lost"]) == (3, 6)
    assert restoration["by"].startswith("-/"), "development mode knows no officers"
    looks = as_json(log.ronda("tail", "--key", log.house.keys / "auditor.key", "--json", "--questions"))
    assert {"kept": 3, "lost": 6} in [each["question"] for each in looks if each["method"] == "RESTORED"]
    assert log.ronda("restored").exit_code == 3, "there is nothing to declare"
    assert log.accept("--yes").exit_code == 2


@pytest.mark.parametrize("copies", [(1, 2, 2), (2, 1, 2), (2, 2, 1), *product((1, 3), repeat=3)])
def test_the_order_in_which_parts_were_copied_does_not_matter(tmp_path: Path, copies: tuple[int, int, int]) -> None:
    """Checkpoints, seals and segments of three moments, in every order."""
    log = RestoredLog(tmp_path)
    for number in (1, 2, 3):
        log.go_on()
        log.copy(str(number))
    log.restore(*map(str, copies))
    done = log.ronda("restored")
    if copies == (3, 3, 3):
        assert (done.exit_code, "no hay nada que declarar" in done.output) == (3, True)
        assert log.go_on() == [10, 11, 12]
        return
    assert done.exit_code == 0, done.output
    assert f"puntos de control {3 * min(copies) + 1} a 9" in done.stdout
    assert log.accept("--yes").exit_code == 0
    assert log.go_on() == [10, 11, 12]
    assert log.go_on(1) == [13]
    assert log.found() == ([], [])
    assert len(read_seals(log.house.audit).sealed) >= min(copies)


@pytest.mark.parametrize("parts", [*product(("running", "end"), repeat=3)])
def test_a_copy_of_a_log_that_is_written(tmp_path: Path, parts: tuple[str, str, str]) -> None:
    """Its segment has room set aside behind its records, which a seal that was copied later does not know."""
    log = RestoredLog(tmp_path)
    log.go_on(copied="running")
    log.go_on(copied="end")
    log.go_on()
    log.restore(*parts)
    log.declared_and_accepted()
    assert log.go_on() == [10, 11, 12]
    assert log.found() == ([], [])
    (restoration,) = log.house.verdict().restorations
    assert restoration.kept == (6 if set(parts) == {"end"} else 3)


@pytest.mark.parametrize(("parts", "following"), [(("3", "1", "1"), 10), (("1", "3", "1"), 5)], ids=["signed", "seals"])
def test_without_a_second_keeper_one_person_is_enough_and_it_is_told(
    tmp_path: Path, parts: tuple[str, str, str], following: int
) -> None:
    """Checkpoints 4 to 9 are lost, or only seals that none of those that are here binds."""
    log = RestoredLog(tmp_path, keeper="")
    for number in (1, 2, 3):
        log.go_on()
        log.copy(str(number))
    log.restore(*parts)
    if parts[0] == "3":
        with pytest.raises(Inconsistent):
            log.go_on()
    log.declared()
    assert log.go_on() == [following, following + 1, following + 2]
    told = log.ronda("verify")
    assert told.exit_code == 3
    assert f"los puntos de control 4 a {following - 1}, de " in told.stdout
    assert "Lo que está aquí concuerda, y nada más" in told.stdout


def test_a_second_restore_from_a_copy_of_before_the_first(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    log.declared_and_accepted()
    assert log.go_on() == [7, 8, 9]
    log.restore("night")
    with pytest.raises(Inconsistent, match="a later one"):
        log.go_on()
    log.declared_and_accepted()
    assert log.go_on() == [10, 11, 12]
    log.copy("later")
    log.go_on()
    log.restore("later")
    log.declared_and_accepted()
    assert log.go_on() == [16, 17, 18]
    assert log.found() == ([], [])
    assert [(each.kept, each.lost) for each in log.house.verdict().restorations] == [(3, 6), (3, 9), (12, 15)]


def test_across_a_change_of_keys(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    old, first = log.key, log.key.public_key()
    with log.checkpointer() as checkpointer:
        checkpointer.change_key(SECOND)
    log.use_key(SECOND)
    assert log.go_on() == [4, 5, 6]
    for key in (old, SECOND):
        log.restore("night")
        log.use_key(key)
        refused = log.ronda("restored")
        assert (refused.exit_code, "Pida al custodio su archivo `keys`" in refused.output) == (3, True), refused.output
    shutil.copy2(log.house.keeper / "keys", log.house.audit / "checkpoints" / "keys")
    log.declared_and_accepted()
    with log.checkpointer() as checkpointer:
        assert checkpointer.change_key(STRANGER).number == 8, "the number behind what was lost is the old key's"
    log.use_key(STRANGER)
    assert log.go_on() == [8, 9, 10]
    log.house.signing = old
    assert log.found() == ([], [])
    assert first == log.house.signing.public_key()


@pytest.mark.parametrize("alone", [5, 3, 1])
def test_a_log_that_went_on_before_its_keeper_was_reached(tmp_path: Path, alone: int) -> None:
    """Further than what its keeper holds, as far, or less far."""
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    log.keeper = "grpc://127.0.0.1:1"  # nobody
    assert log.go_on(alone) == [4, 5, 6, 7, 8][:alone], "alone"
    refused = log.ronda("restored")
    assert (refused.exit_code, "no responde" in refused.output) == (3, True), refused.output
    log.keeper = str(tmp_path / "not mounted")
    assert "su directorio no está" in log.ronda("restored").output
    log.keeper = "grpc://127.0.0.1:1"
    assert own(log).restoration_texts() == []
    with log.checkpointer() as checkpointer, pytest.raises(Inconsistent, match="second keeper"):
        checkpointer._keeping._keepers = [DirectoryKeeper(log.house.keeper)]
        log.house.now_ms += 61_000
        checkpointer.tick()
    log.keeper = str(log.house.keeper)
    log.declared_and_accepted()
    lost = max(6, 3 + alone + 1)
    assert log.go_on() == [lost + 1, lost + 2, lost + 3]
    assert log.found() == ([], [])
    (restoration,) = log.house.verdict().restorations
    assert (restoration.kept, restoration.lost) == (3, lost)


# ---- what is no restore ----


def test_what_was_altered_is_not_declared_restored(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    alter(log, 1)
    done = log.ronda("restored")
    assert (done.exit_code, "No es solo una copia anterior" in done.output) == (1, True), done.output
    log.restore("night")
    first = next(iter(read_seals(log.house.audit).sealed.values()))
    (log.house.audit / "seals").unlink()
    append_seals(log.house.audit, [replace(first, sealed_ms=1)])
    done = log.ronda("restored")
    assert (done.exit_code, "seals" in done.output) == (1, True), done.output
    assert own(log).restoration_texts() == theirs(log).restoration_texts() == []


# ---- attacks ----


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints 1 to 3, restored from behind 6, and 7 to 9."""
    log = RestoredLog(tmp_path_factory.mktemp("accepted"))
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    log.declared_and_accepted()
    log.go_on()
    return log.house.audit.parent


@pytest.fixture
def attacked(accepted: Path, tmp_path: Path) -> RestoredLog:
    shutil.copytree(accepted, tmp_path / "log")
    return RestoredLog(tmp_path / "log")


def _forged(log: RestoredLog) -> None:
    checkpoints = log.checkpoints()
    text = declared_by(STRANGER, checkpoints[3], checkpoints[-1]).text
    for files in (own(log), theirs(log)):
        files.write_restorations([*files.restoration_texts(), text])


def _voids_more(log: RestoredLog) -> None:
    first = log.checkpoints()[0]
    own(log).write_restorations([declared_by(log.key, first, replace(first, number=6)).text])


def _further(log: RestoredLog) -> None:
    """The thief of the key cuts the last two checkpoints, says so, and signs on."""
    checkpoints = log.checkpoints()
    text = declared_by(log.key, checkpoints[3], checkpoints[-1]).text
    own(log).write_restorations([*own(log).restoration_texts(), text])


def _removed_here(log: RestoredLog) -> None:
    own(log).write_restorations([])


def _removed_there(log: RestoredLog) -> None:
    theirs(log).write_restorations([])


def _removed_on_both_sides(log: RestoredLog) -> None:
    _removed_here(log)
    _removed_there(log)


def _altered_before(log: RestoredLog) -> None:
    alter(log, 1)


def _first_of_after_removed(log: RestoredLog) -> None:
    texts = [each.text for each in log.checkpoints() if each.number != 7]
    for day in own(log).days():
        day.unlink()
    (log.house.audit / "checkpoints" / "2026-11-24").write_text("".join(texts))


def _another_one_kept(log: RestoredLog) -> None:
    """On both sides: as if the keeper's person had accepted what the log does not have."""
    found = read_restoration(own(log).restoration_texts()[0], own(log).keys(log.key.public_key()))
    text = replace(found, kept_sha256="1" * 64).signed(log.key).text
    for files in (own(log), theirs(log)):
        files.write_restorations([text])


ATTACKS: dict[str, tuple[Callable[[RestoredLog], None], str]] = {
    "forged by another key": (_forged, "is not signed by key"),
    "voids more than was lost": (_voids_more, "another restoration"),
    "declared by the thief of the key": (_further, "accepted no restoration of checkpoints 8 to 9"),
    "removed from the log": (_removed_here, "was removed: keeper 1 holds it"),
    "removed from the keeper": (_removed_there, "accepted no restoration of checkpoints 4 to 6"),
    "removed from both": (_removed_on_both_sides, "removed, repeated or reordered"),
    "a record before it": (_altered_before, "wrong (check: checkpoint 3"),
    "a checkpoint after it": (_first_of_after_removed, "checkpoint 8 follows 3"),
    "another checkpoint kept": (_another_one_kept, "keeps another checkpoint 3"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_a_restored_log_is_named(attacked: RestoredLog, attack: str) -> None:
    do, said = ATTACKS[attack]
    assert attacked.found() == ([], [])
    do(attacked)
    ours, independent = attacked.found()
    assert any(said in each for each in ours), ours
    assert independent
    told = attacked.verify()
    assert (told.exit_code, "Íntegra" in told.stdout) == (1, False)


def test_the_key_alone_makes_no_roll_back_pass_at_a_witness(attacked: RestoredLog) -> None:
    """A thief of the signing key speaks to the witness with a program of their own."""
    files, checkpoints = own(attacked), attacked.checkpoints()
    keys = files.keys(attacked.key.public_key())
    accepted = files.restorations(keys)
    seventh, last = (each for each in checkpoints if each.number in (7, 9))
    further = accepted.followed_by(declared_by(attacked.key, seventh, last))
    early = declared_by(attacked.key, seventh, replace(last, number=8))
    tenth = replace(seventh, number=10).signed(attacked.key)
    server, port = start_witness("127.0.0.1:0", Witness(attacked.house.keeper, attacked.key.public_key()))
    keeper = WitnessKeeper(f"127.0.0.1:{port}")
    try:
        for _ in range(2):
            with pytest.raises(KeeperError, match=WAITS):
                keeper.keep(tenth, keys, further)
        for restorations in (accepted, Restorations()):
            with pytest.raises(KeeperError, match=r"were removed|another restoration"):
                keeper.keep(tenth, keys, restorations)
        with pytest.raises(KeeperError, match="checkpoint 9 is at the second keeper"):
            keeper.ask(accepted.followed_by(early), keys)
        assert keeper.last(keys) == last
        assert keeper.restorations() == accepted.texts
        assert attacked.accept("--yes").exit_code == 0
        with pytest.raises(KeeperError, match="not after 9"):
            keeper.keep(replace(seventh, number=9).signed(attacked.key), keys, further)
        keeper.keep(tenth, keys, further)  # as soon as a person said so
        keeper.close()
    finally:
        server.stop(0).wait()


# ---- proofs ----


def test_proofs_across_a_restore(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    auditor = ("--key", log.house.keys / "auditor.key")
    before = tmp_path / "before"
    before.write_text(log.ronda("proof", "--record", "worker-0/2/4", *auditor).stdout)
    assert log.ronda("proof", "--check", before).exit_code == 0
    for each in log.checkpoints():
        (tmp_path / str(each.number)).write_text(each.text)
    log.restore("night")
    log.declared_and_accepted()
    log.go_on()
    lost = log.ronda("proof", "--since", tmp_path / "5")
    assert lost.exit_code == 2
    assert "el punto de control 5 se perdió al reponer la auditoría de una copia" in lost.output
    continued = tmp_path / "continued"
    continued.write_text(log.ronda("proof", "--since", tmp_path / "2").stdout)
    again = tmp_path / "again"
    again.write_text(log.ronda("proof", "--record", "worker-0/1/4", *auditor).stdout)
    for proof in (continued, again):
        assert log.ronda("proof", "--check", proof).exit_code == 0
    true = log.ronda("proof", "--check", before)
    assert true.exit_code == 0, "what was lost was in the log: the proof is all that is left of it"
    assert "se perdió después, al reponerla de una copia" in true.output
    assert "un segundo custodio lo aceptó" in true.output
    elsewhere = ("--audit", tmp_path / "none", "--public-key", log.house.keys / "signing.pub")
    assert "un segundo custodio lo aceptó" in log.ronda("proof", "--check", before, *elsewhere).output


def test_a_restore_that_nobody_accepted_takes_nothing_from_a_proof(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    before = tmp_path / "before"
    auditor = ("--key", log.house.keys / "auditor.key")
    before.write_text(log.ronda("proof", "--record", "worker-0/2/4", *auditor).stdout)
    log.restore("night")
    assert log.ronda("restored").exit_code == 0
    told = log.ronda("proof", "--check", before)
    assert told.exit_code == 0
    assert "que un custodio lo aceptara no consta aquí" in told.output
    for record in ("worker-0/77/3", "worker-0/2/400"):
        never = log.ronda("proof", "--record", record, *auditor)
        assert (never.exit_code, "no tiene el registro" in never.output) == (2, True), never.output
    assert log.accept("--refuse").exit_code == 0
    assert theirs(log).asked() == []
    assert [answer for answer, _ in answers(log)] == ["refused"]
    assert log.accept("--refuse").exit_code == 2


def test_who_reads_a_restored_log_is_told_what_it_lacks(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    log.declared_and_accepted()
    log.go_on()
    auditor = ("--key", log.house.keys / "auditor.key")
    newest = log.ronda("tail", *auditor)
    assert newest.exit_code == 3
    assert "INCOMPLETO: la auditoría se repuso de una copia; faltan consultas de" in newest.output
    assert log.ronda("asked-by", "--nip", "10001", "--until", "2020-01-01", *auditor).exit_code == 0


# ---- what its trial found ----


def test_a_loss_that_is_said_to_have_ended_before_the_keeper_s_newest_checkpoint_is_refused(
    attacked: RestoredLog,
) -> None:
    """Else whoever has the key has an hour given up, and `verify` says for ever that it was a second."""
    files, keys = theirs(attacked), own(attacked).keys(attacked.key.public_key())
    newest = attacked.checkpoints()[-1]
    shortened = replace(newest, number=newest.number + 1, time_ms=newest.time_ms - 1)
    further = files.restorations(keys).followed_by(declared_by(attacked.key, newest, shortened))
    with pytest.raises(RestorationError, match=f"checkpoint {newest.number} is later at the second keeper"):
        take_restorations(files, further.texts, keys)
    assert files.asked() == []


def test_an_ask_that_the_log_overtook_is_told_as_one(tmp_path: Path) -> None:
    """A drill's copy asked; the server that was never put back goes on with its keeper."""
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    shutil.copytree(log.house.audit, tmp_path / "real")
    log.restore("night")
    assert log.ronda("restored").exit_code == 0
    shutil.rmtree(log.house.audit)
    shutil.copytree(tmp_path / "real", log.house.audit)
    log.go_on()
    told = log.accept("--yes")
    assert told.exit_code == 3
    assert "Lo que espera no corresponde a lo que hay aquí" in told.output
    assert "--refuse" in told.output


def test_a_change_of_key_that_cannot_be_signed_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("night")
    log.go_on()
    log.restore("night")
    file = log.house.keys / "signing.key"
    before = file.read_bytes()
    assert log.ronda("keys", "--signing-only", "--out", tmp_path / "next").exit_code == 0
    told = log.ronda("change-key", "--new", tmp_path / "next" / "signing.key")
    assert told.exit_code == 1
    assert "la llave no cambió" in told.output
    assert "la auditoría está en un estado anterior" in told.output
    assert file.read_bytes() == before
