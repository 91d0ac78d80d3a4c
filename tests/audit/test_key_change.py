"""The signing key is changed: the old one names the new one, and each signs its own numbers only."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import CheckpointFiles, parse
from server.audit.keepers import DirectoryKeeper, KeeperError, WitnessKeeper
from server.audit.key_chain import CheckpointError, KeyChain, KeyChainError, named
from server.audit.keys import key_id
from server.audit.verifying import verify
from server.audit.witness import Witness, start_witness
from tests.audit.answers import append
from tests.audit.independent_verifier import problems
from tests.audit.kit import House

KEY = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
THIRD = Ed25519PrivateKey.from_private_bytes(b"3" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"9" * 32)


def sign(house: House, checkpointer: Checkpointer, times: int = 3) -> None:
    for _ in range(times):
        house.now_ms += 61_000
        checkpointer.tick()


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints 1 to 3 by the first key, 4 to 6 by the second, from 7 on by the third."""
    house = House(tmp_path_factory.mktemp("changed"))
    with house.checkpointer() as checkpointer, house.writer() as writer:
        append(writer.log, 1)
        sign(house, checkpointer)
        checkpointer.change_key(KEY)
        append(writer.log, 2)
        sign(house, checkpointer)
    keeper = DirectoryKeeper(house.keeper)
    again = Checkpointer(house.audit, KEY, [keeper], clock=house.clock, monotonic=house.monotonic)
    again.change_key(THIRD)
    sign(house, again)
    again.close()
    return house.audit.parent


@pytest.fixture
def house(changed: Path, tmp_path: Path) -> House:
    shutil.copytree(changed, tmp_path / "house")
    return House(tmp_path / "house")


def own(house: House) -> CheckpointFiles:
    return CheckpointFiles(house.audit / "checkpoints")


def rewrite(house: House, texts: list[str]) -> None:
    """The own checkpoints, all in one file."""
    for day in own(house).days():
        day.unlink()
    (house.audit / "checkpoints" / "2026-11-24").write_text("".join(texts))


def signed_anew(text: str, key: Ed25519PrivateKey) -> str:
    """The checkpoint as another key would sign it."""
    body = re.sub(r"\nkey \w+\n", f"\nkey {key_id(key.public_key())}\n", text.rpartition("signature ")[0])
    return f"{body}signature {base64.b64encode(key.sign(body.encode())).decode()}\n"


@pytest.mark.parametrize("known", [0, 1, 2], ids=["first", "second", "third"])
def test_any_key_of_the_chain_verifies_the_log_across_its_changes(house: House, known: int) -> None:
    public = (house.signing, KEY, THIRD)[known].public_key()
    verdict = verify(house.audit, public, [CheckpointFiles(house.keeper)])
    assert verdict.problems == []
    assert verdict.keys is not None
    assert [change.number for change in verdict.keys.changes] == [4, 7]
    assert verdict.last is not None
    assert verdict.last.number == 9
    assert verdict.last.key == key_id(THIRD.public_key())
    assert problems(house.audit, public, [house.keeper]) == []
    assert verify(house.audit, STRANGER.public_key()).problems != []
    assert problems(house.audit, STRANGER.public_key(), []) != []


def test_a_key_that_was_followed_signs_nothing_more(house: House) -> None:
    for key in (house.signing, KEY, STRANGER):
        with pytest.raises(KeyChainError, match=key_id(key.public_key())):
            Checkpointer(house.audit, key)
    again = Checkpointer(house.audit, THIRD)
    with pytest.raises(KeyChainError, match="which signed before"):
        again.change_key(KEY)
    again.close()
    assert house.problems() == ([], [])


def _without_the_changes(house: House) -> None:
    (house.audit / "checkpoints" / "keys").unlink()


def _without_the_last_change(house: House) -> None:
    own(house).write_key_changes(own(house).key_changes()[:-1])


def _a_second_successor(house: House) -> None:
    second = named(house.signing, STRANGER, 10, house.now_ms)
    own(house).write_key_changes([*own(house).key_changes(), second.text])


def _another_successor(house: House) -> None:
    """The old key, stolen after the change, names the thief's from the same number on."""
    own(house).write_key_changes([named(house.signing, STRANGER, 4, house.now_ms).text])


def _named_by_nobody(house: House) -> None:
    """The newest key's own word, that the thief's key follows, without its signature."""
    text = named(STRANGER, STRANGER, 10, house.now_ms).text
    own(house).write_key_changes([*own(house).key_changes(), text])


def _an_earlier_time(house: House) -> None:
    """The first key says that the second signed from 2 on already."""
    changes = [named(house.signing, KEY, 2, house.now_ms).text, *own(house).key_changes()[1:]]
    own(house).write_key_changes(changes)


def _a_changed_number(house: House) -> None:
    changes = own(house).key_changes()
    own(house).write_key_changes([changes[0].replace("number 4", "number 2"), changes[1]])


def _a_change_to_come(house: House) -> None:
    """The last checkpoints are gone, the change that follows them is not."""
    rewrite(house, [*own(house).texts()][:4])


def _signed_by_the_old_key(house: House) -> None:
    texts = [*own(house).texts()]
    rewrite(house, [*texts[:4], signed_anew(texts[4], house.signing), *texts[5:]])


def _signed_by_the_new_key(house: House) -> None:
    texts = [*own(house).texts()]
    rewrite(house, [texts[0], signed_anew(texts[1], THIRD), *texts[2:]])


ATTACKS: dict[str, tuple[Callable[[House], None], str]] = {
    "the changes are removed": (_without_the_changes, "was removed: keeper 1 holds it"),
    "the last change is removed": (_without_the_last_change, "was removed: keeper 1 holds it"),
    "two successors of one key": (_a_second_successor, "names a second key"),
    "another successor": (_another_successor, "another change of keys"),
    "named by nobody": (_named_by_nobody, "nobody named it"),
    "a change before older checkpoints": (_an_earlier_time, "another change of keys"),
    "the number of a change": (_a_changed_number, "is not signed by key"),
    "a change without what follows": (_a_change_to_come, "rolled back: key"),
    "the old key after its time": (_signed_by_the_old_key, "signs that number"),
    "the new key before its time": (_signed_by_the_new_key, "signs that number"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_chain_is_named(house: House, attack: str) -> None:
    do, said = ATTACKS[attack]
    assert house.problems() == ([], [])
    do(house)
    ours, theirs = house.problems()
    assert any(said in each for each in ours), ours
    assert theirs


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found_without_a_second_keeper_too(house: House, attack: str) -> None:
    ATTACKS[attack][0](house)
    assert verify(house.audit, house.signing.public_key()).problems


def test_a_number_in_another_line_chooses_no_key(house: House) -> None:
    """A stolen first key signs a text with a number of its own time, where a reader takes another line for it."""
    keys = own(house).keys(house.signing.public_key())
    last = [*own(house).texts()][-1]
    assert parse(last, keys).number == 9
    for head in ("number 9\nnumber 2\n", "nummer 9\nnumber 2\n", "number 2\nnumber 9\n"):
        text = re.sub(r"number 9\ntime_ms \d+\n", head, last)
        with pytest.raises(CheckpointError, match="no checkpoint"):
            parse(signed_anew(text, house.signing), keys)


def test_a_witness_takes_a_change_by_its_newest_key_only(house: House, tmp_path: Path) -> None:
    public = house.signing.public_key()
    kept = tmp_path / "witness"
    keys = own(house).keys(public)
    texts = [*own(house).texts()]
    taken = [parse(text, keys) for text in texts]
    server, port = start_witness("127.0.0.1:0", Witness(kept, public))
    keeper = WitnessKeeper(f"127.0.0.1:{port}")
    try:
        keeper.keep(taken[0], KeyChain(public))
        with pytest.raises(KeeperError, match="no key of this log named"):
            keeper.keep(taken[3], KeyChain(public))
        early = KeyChain(public).followed_by(named(house.signing, STRANGER, 1, house.now_ms))
        with pytest.raises(KeeperError, match="from checkpoint 1 on came after 1"):
            keeper.keep(taken[1], early)
        stolen = KeyChain(STRANGER.public_key()).followed_by(named(STRANGER, THIRD, 4, house.now_ms))
        with pytest.raises(KeeperError, match="nobody named it"):
            keeper.keep(taken[3], stolen)
        keeper.keep(taken[4], keys)  # it was not reached meanwhile
        other = KeyChain(public).followed_by(named(house.signing, STRANGER, 6, house.now_ms))
        with pytest.raises(KeeperError, match="another change of keys"):
            keeper.keep(taken[5], other)
        keeper.close()
    finally:
        server.stop(0).wait()
    assert CheckpointFiles(kept).key_changes() == list(keys.texts)
    for known in (public, KEY.public_key(), THIRD.public_key()):
        server, port = start_witness("127.0.0.1:0", Witness(kept, known))
        again = WitnessKeeper(f"127.0.0.1:{port}")
        assert again.last(keys) == taken[4]
        again.close()
        server.stop(0).wait()
    with pytest.raises(KeyChainError, match="none of this log"):
        Witness(kept, STRANGER.public_key())
