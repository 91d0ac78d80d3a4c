"""Checkpoints, seals, second keepers and retention over the life of a log."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import CheckpointFiles, parse
from server.audit.keepers import KeeperError, WitnessKeeper
from server.audit.keeping import Inconsistent
from server.audit.key_chain import CheckpointError, KeyChain
from server.audit.seals import read_seals
from server.audit.segments import SegmentId
from server.audit.witness import Witness, start_witness
from tests.audit.answers import append
from tests.audit.kit import House

YEAR_MS = 31_557_600_000


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_checkpoint_binds_all_heads_and_is_kept_twice(house: House) -> None:
    with house.checkpointer() as checkpointer, house.writer() as one, house.writer("worker-1") as two:
        append(one.log, 1)
        append(two.log, 2)
        first = checkpointer.tick()
        assert first is not None
        assert {str(segment): head.size for segment, head in first.opened.items()} == {"worker-0/1": 4, "worker-1/1": 4}
        assert checkpointer.tick() is None, "nothing new"
        house.now_ms += 61_000
        assert checkpointer.tick() is not None, "a sign of life each minute"
        append(one.log, 3)
        third = checkpointer.tick()
        assert third is not None
        assert third.number == 3
    public = KeyChain(house.signing.public_key())
    own = list(CheckpointFiles(house.audit / "checkpoints").texts())
    assert own == list(CheckpointFiles(house.keeper).texts())
    assert parse(own[-1], public) == third
    with pytest.raises(CheckpointError, match="signature"):
        parse(own[-1].replace("number 3", "number 4"), public)
    with pytest.raises(CheckpointError, match="which no key of this log named"):
        parse(own[-1], KeyChain(Ed25519PrivateKey.generate().public_key()))


def test_a_torn_record_is_cut_kept_aside_and_told(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """The bytes of a killed process: a body half written, its length not yet there."""
    with house.writer() as writer:
        append(writer.log, 1)
    path = house.audit / "logs" / "worker-0" / "00000001.seg"
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(8) + b"half a record" + bytes(4096))
    with house.checkpointer() as checkpointer:
        checkpointer.tick()
    assert path.read_bytes() == whole
    cut = path.with_suffix(".cut")
    assert cut.read_bytes() == bytes(8) + b"half a record"
    assert stat.S_IMODE(cut.stat().st_mode) == 0o600
    seal = read_seals(house.audit).sealed[SegmentId("worker-0", 1)]
    assert (seal.records, seal.size, seal.cut_bytes) == (4, len(whole), 21)
    assert house.problems() == ([], [])


def test_only_one_process_signs(house: House) -> None:
    with house.checkpointer(), pytest.raises(BlockingIOError):
        Checkpointer(house.audit, house.signing)


def test_nothing_is_signed_that_does_not_continue_what_was(house: House) -> None:
    with house.checkpointer() as checkpointer, house.writer() as writer:
        append(writer.log, 1)
        checkpointer.tick()
        shutil.copytree(house.audit, house.audit.with_name("older"))
        append(writer.log, 2)
        checkpointer.tick()
    path = house.audit / "logs" / "worker-0" / "00000001.seg"
    data = path.read_bytes()
    for forged in (data[:-30], data[:200] + bytes([data[200] ^ 1]) + data[201:], b""):
        path.write_bytes(forged)
        with pytest.raises(Inconsistent, match="worker-0/1"):
            Checkpointer(house.audit, house.signing)
    path.unlink()
    with pytest.raises(Inconsistent, match="gone"):
        Checkpointer(house.audit, house.signing)
    shutil.rmtree(house.audit)
    house.audit.with_name("older").rename(house.audit)
    with pytest.raises(Inconsistent, match="rolled back"), house.checkpointer():
        pass
    shutil.rmtree(house.audit)
    with pytest.raises(Inconsistent, match="rolled back"), house.checkpointer():
        pass


def test_the_log_goes_on_after_a_restart(house: House) -> None:
    for number in range(3):
        with house.checkpointer() as checkpointer, house.writer() as writer:
            append(writer.log, number)
            house.now_ms += 1000
            checkpointer.tick()
    with house.checkpointer() as checkpointer:
        checkpointer.tick()
    assert house.problems() == ([], [])
    assert len(read_seals(house.audit).sealed) == 3
    assert house.verdict().checkpoints == 2 * 4


def test_segments_drop_after_their_years_and_roots_stay(house: House) -> None:
    once = "spark-0123456789abcdef"
    for number, name in enumerate(("worker-0", "worker-0", once)):
        with house.writer(name) as writer:
            append(writer.log, number)
        with house.checkpointer(retention_years=2) as checkpointer:
            checkpointer.tick()
    with house.checkpointer(retention_years=2) as checkpointer:
        house.now_ms += YEAR_MS
        checkpointer.tick()
        assert read_seals(house.audit).dropped == {}
        house.now_ms += YEAR_MS + 3_600_001
        house.sign_days(checkpointer, 4)
        checkpointer.tick()
    seals = read_seals(house.audit)
    assert set(seals.dropped) == {SegmentId("worker-0", 1), SegmentId(once, 1)}, "the newest stays, for its number"
    assert len(seals.sealed) == 3
    assert [path.name for path in (house.audit / "logs" / "worker-0").glob("*.seg")] == ["00000002.seg"]
    assert house.problems() == ([], [])
    assert house.verdict().dropped == 2


def test_hash_keys_change_and_old_ones_stay_sealed(house: House) -> None:
    from server.audit.keys import current_hash_key

    house.audit.mkdir(mode=0o700)
    first = current_hash_key(house.audit, 0)
    assert current_hash_key(house.audit, 29 * 86_400_000) == first
    second = current_hash_key(house.audit, 30 * 86_400_000)
    assert second != first
    assert first.key.hex() not in (house.audit / "hash.key").read_text()
    assert stat.S_IMODE((house.audit / "hash.key").stat().st_mode) == 0o600


def test_a_witness_keeps_what_continues_and_refuses_the_rest(house: House, tmp_path: Path) -> None:
    public = house.signing.public_key()
    keys = KeyChain(public)
    server, port = start_witness("127.0.0.1:0", Witness(tmp_path / "witness", public))
    keeper = WitnessKeeper(f"127.0.0.1:{port}")
    try:
        assert keeper.last(keys) is None
        checkpointer = Checkpointer(house.audit, house.signing, [keeper], clock=house.clock)
        with house.writer() as writer:
            append(writer.log, 1)
            first = checkpointer.tick()
            append(writer.log, 2)
            second = checkpointer.tick()
        assert first is not None
        assert keeper.last(keys) == second
        with pytest.raises(KeeperError, match="not after"):
            keeper.keep(first, keys)
        forged = first.signed(Ed25519PrivateKey.generate())
        with pytest.raises(KeeperError, match="signature"):
            keeper.keep(forged, keys)
        assert list(CheckpointFiles(tmp_path / "witness").texts()) == list(
            CheckpointFiles(house.audit / "checkpoints").texts()
        )
        server.stop(0).wait()
        with pytest.raises(KeeperError, match="did not answer"):
            keeper.last(keys)
        checkpointer.tick()  # goes on alone
        checkpointer.close()
    finally:
        server.stop(0)
    restarted, port = start_witness("127.0.0.1:0", Witness(tmp_path / "witness", public))
    try:
        again = WitnessKeeper(f"127.0.0.1:{port}")
        assert again.last(keys) == second
        os.truncate(house.audit / "seals", 0)
        with pytest.raises(Inconsistent):
            Checkpointer(house.audit, house.signing, [again], clock=house.clock)
        again.close()
    finally:
        restarted.stop(0)


@pytest.mark.parametrize("is_left", [False, True])
def test_a_record_that_is_altered_after_it_was_signed_is_told(
    house: House, caplog: pytest.LogCaptureFixture, is_left: bool
) -> None:
    """While its segment is open, and when it is sealed."""
    with house.checkpointer() as checkpointer:
        with house.writer() as writer:
            for number in range(20):
                append(writer.log, number)
            for _ in range(3):
                checkpointer.tick()
            assert checkpointer.report().damaged == 0
            path = SegmentId("worker-0", 1).path(house.audit)
            with path.open("r+b") as file:
                file.seek(path.read_bytes().index(b"MP-10"))
                file.write(b"MP-11")
            if not is_left:
                checkpointer.tick()
                assert checkpointer.report().damaged == 1
        checkpointer.tick()
    told = [
        vars(line)["ronda_fields"] for line in caplog.records if getattr(line, "event", "") == "audit_record_damaged"
    ]
    assert [(each["log"], each["segment"], each["why"]) for each in told] == [("worker-0", 1, "check")]
    assert house.verdict().problems
