"""A second keeper that lost records is reported, gets nothing more, and is used again when it holds them again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ronda.doctor.checkup import check_up
from ronda.settings import load_settings
from server.audit.checkpoints import CheckpointFiles
from server.audit.confirmed import CONFIRMED, confirmed
from server.audit.keepers import WitnessKeeper
from server.audit.process import AuditReport
from server.audit.witness import Witness, start_witness
from tests.audit.answers import append
from tests.audit.restored_kit import RestoredLog
from tests.kit.nation_kit import BuiltNation
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, call, until
from tests.server.test_observed import samples_of


@pytest.fixture
def log(tmp_path: Path) -> RestoredLog:
    """A log with a keeper that took three checkpoints."""
    log = RestoredLog(tmp_path)
    assert log.go_on() == [1, 2, 3]
    assert log.verify().exit_code == 0
    return log


def report(log: RestoredLog) -> AuditReport:
    """Returns what the process that signs tells after a round."""
    with log.checkpointer() as checkpointer, log.house.writer() as writer:
        append(writer.log, 1, log.house.now_ms)
        log.house.now_ms += 1_000
        checkpointer.tick()
        return checkpointer.report()


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    return [vars(line)["ronda_fields"] for line in caplog.records if getattr(line, "event", "") == name]


@pytest.mark.parametrize("loss", ["emptied", "not there", "an older copy"])
def test_a_loss_between_two_runs(log: RestoredLog, loss: str, caplog: pytest.LogCaptureFixture) -> None:
    keeper = log.house.keeper
    away = keeper.rename(keeper.with_name("away"))
    if loss == "emptied":
        keeper.mkdir()
    elif loss == "an older copy":
        keeper.mkdir()
        [day] = [path for path in away.iterdir() if path.name.startswith("20")]
        first, _, _ = day.read_text().partition("ronda audit checkpoint 1\nkey")[2].partition("ronda audit checkpoint")
        (keeper / day.name).write_text(f"ronda audit checkpoint 1\nkey{first}")
    held = {path.name: path.read_bytes() for path in keeper.iterdir()} if keeper.exists() else None
    told = report(log)
    assert (told.keepers_lost, told.keepers_behind[0] >= 1, told.checkpoint) == ([True], True, 4)
    assert events(caplog, "audit_keeper_lost")[0] == {
        "keeper": 1, "held": 1 if loss == "an older copy" else 0, "confirmed": 3
    }  # fmt: skip
    assert held == ({path.name: path.read_bytes() for path in keeper.iterdir()} if keeper.exists() else None)
    if loss != "not there":
        done = log.verify()
        assert (done.exit_code, "perdió lo que tenía" in " ".join(done.stdout.split())) == (3, True), done.stdout
    shutil.rmtree(keeper, ignore_errors=True)
    away.rename(keeper)
    assert (report(log).keepers_lost, log.verify().exit_code) == ([False], 0)


def test_a_restored_log_is_not_declared_to_a_keeper_that_lost(log: RestoredLog) -> None:
    log.copy("early")
    log.go_on()
    log.restore("early")
    shutil.copy2(log.copies / "early" / CONFIRMED, log.house.audit / CONFIRMED)
    shutil.rmtree(log.house.keeper)
    log.house.keeper.mkdir()
    done = log.ronda("restored")
    assert (done.exit_code != 0, "ya había tomado el 3" in " ".join(done.stderr.split())) == (True, True), done.output


def test_a_new_keeper_has_another_name(log: RestoredLog, caplog: pytest.LogCaptureFixture) -> None:
    log.keeper = str(log.house.keeper.with_name("keeper-2"))
    told = report(log)
    assert (told.keepers_lost, told.keepers_behind) == ([False], [0])
    assert events(caplog, "audit_keeper_begins") == [{"keeper": 1, "number": 4}]
    done = log.ronda("verify", "--keeper", log.keeper)
    said = "el custodio 1 empieza en el punto de control 4, y aquí hay desde el 1"
    assert (done.exit_code, said in " ".join(done.stdout.split())) == (3, True), done.stdout


def test_what_a_witness_took_and_lost(log: RestoredLog, tmp_path: Path) -> None:
    """While it runs it refuses; after its restart it knows nothing, and the log does."""
    public, kept = log.house.signing.public_key(), tmp_path / "witness"
    first = Witness(kept, public)
    server, port = start_witness("127.0.0.1:0", first)
    log.keeper = f"grpc://127.0.0.1:{port}"
    with log.checkpointer() as checkpointer, log.house.writer() as writer:

        def tick() -> AuditReport:
            append(writer.log, 1, log.house.now_ms)
            log.house.now_ms += 1_000
            checkpointer.tick()
            return checkpointer.report()

        try:
            assert (tick().keepers_behind, confirmed(log.house.audit)) == ([0], {log.keeper: 4})
            kept.rename(tmp_path / "away")
            kept.mkdir()
            assert tick().keepers_behind == [1]
            assert {each.labels["reason"]: each.value for family in first.figures.collect() if family.name ==
                    "ronda_witness_refused" for each in family.samples}["LOST"] == 1  # fmt: skip
            server.stop(0).wait()
            tick()
            server, _ = start_witness(f"127.0.0.1:{port}", Witness(kept, public))
            told = tick()
            assert (told.keepers_lost, list(kept.iterdir())) == ([True], [])
        finally:
            server.stop(0)
    assert isinstance(WitnessKeeper(f"127.0.0.1:{port}").name, str)


def test_a_disk_that_goes_while_the_server_runs(small_nation: BuiltNation, tmp_path: Path) -> None:
    """An empty directory stands in its place: `ronda_audit_keeper_behind` went to 0, and nothing was said."""
    audit, keeper = tmp_path / "audit", tmp_path / "keeper"
    server = RunningServer(
        small_nation.data, tmp_path / "server.log", audit=audit, audit_keeper=keeper, workers=1
    ).wait_ready()
    settings = load_settings(data=small_nation.data, audit=audit, audit_keeper=str(keeper), metrics="off")

    def told(name: str) -> float:
        return samples_of(server.metrics()).get((f"ronda_audit_keeper_{name}", "1"), -1.0)

    def ask() -> None:
        with server.channel() as channel:
            call(channel, "CheckService/CheckPerson", QUESTION)

    try:
        ask()
        until(lambda: told("behind") == 0 == told("lost") and CheckpointFiles(keeper).last_stated() is not None, 10)
        keeper.rename(tmp_path / "away")
        keeper.mkdir()
        ask()
        until(lambda: told("lost") == 1, 10)
        assert told("behind") >= 1
        assert list(keeper.iterdir()) == [], "nothing lies below the mount point"
        assert server.events("audit_keeper_lost")
        assert "audit_keeper_lost" in {each.kind.name for each in check_up(settings, deep=False)}
        keeper.rmdir()
        (tmp_path / "away").rename(keeper)
        ask()
        until(lambda: told("lost") == 0 == told("behind"), 10)
        assert "audit_keeper_lost" not in {each.kind.name for each in check_up(settings, deep=False)}
    finally:
        server.stop()
