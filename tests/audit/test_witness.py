"""A witness on another address, over TLS both ways: two processes, as two institutions have them."""

from __future__ import annotations

import json
import os
import queue
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from ronda.command import app
from ronda.v1 import witness_service_pb2 as contract
from ronda.v1.witness_service_pb2_grpc import WitnessServiceStub
from server.audit.checkpoints import Checkpoint, CheckpointFiles, Head
from server.audit.keepers import KeeperError, KeeperFiles, open_keeper
from server.audit.key_chain import KeyChain
from server.audit.keys import load_signing_public, make_auditor_keys, make_signing_keys
from server.audit.witness import MOST_STREAMS
from server.audit.witness_metrics import REASONS
from server.trust.issuing import Pair, issue, make_ca, server_certificate
from tests.kit.nation_kit import BuiltNation
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, call, until
from tests.server.test_observed import samples_of

HOST = "127.0.0.2"


@dataclass
class Witness:
    """A running witness: where it listens and keeps, and the files of those who may connect."""

    target: str
    metrics: str
    kept: Path
    keys: Path
    files: KeeperFiles

    def checkpoints(self) -> int:
        return len(list(CheckpointFiles(self.kept).texts()))

    def chain(self) -> KeyChain:
        return KeyChain(load_signing_public(self.keys / "signing.pub"))

    def told(self, name: str, *labels: str) -> float:
        """A figure of its scrape."""
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=10) as answer:
            return samples_of(answer.read().decode())[(f"ronda_witness_{name}", *labels)]

    def settings(self) -> dict[str, object]:
        return {
            "audit_keeper": f"grpcs://{self.target}",
            "audit_keeper_ca": self.files.ca,
            "audit_keeper_cert": self.files.cert,
            "audit_keeper_key": self.files.key,
            "audit_auditor_key": self.keys / "auditor.pub",
            "audit_signing_key": self.keys / "signing.key",
        }


def written(directory: Path, name: str, pair: Pair) -> tuple[Path, Path]:
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    return certificate, key


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    keys = tmp_path / "keys"
    make_auditor_keys(keys)
    make_signing_keys(keys)
    theirs, ours = make_ca("witness"), make_ca("log")
    cert, key = written(tmp_path, "witness", server_certificate(theirs, [HOST]))
    ca, _ = written(tmp_path, "witness-ca", theirs)
    client_ca, _ = written(tmp_path, "log-ca", ours)
    shown, its_key = written(tmp_path, "keeper", issue(ours, "log", [], days=1))
    command = ["audit", "witness", "--listen", f"{HOST}:0", "--directory", tmp_path / "kept"]
    command += [
        "--public-key",
        keys / "signing.pub",
        "--tls-cert",
        cert,
        "--tls-key",
        key,
        "--tls-client-ca",
        client_ca,
        "--metrics",
        "127.0.0.1:0",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ronda.command", *map(str, command)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        port, metrics = ready.partition("port ")[2].partition(",")[0], ready.partition("metrics on ")[2].strip()
        yield Witness(f"{HOST}:{port}", metrics, tmp_path / "kept", keys, KeeperFiles(ca, shown, its_key))
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def test_checkpoints_are_kept_elsewhere(small_nation: BuiltNation, tmp_path: Path, witness: Witness) -> None:
    settings = {"audit": tmp_path / "audit", "metrics": "off", "workers": 1, **witness.settings()}
    assert [witness.told("refused_total", each) for each in REASONS] == [0] * len(REASONS), "before the first"
    assert witness.told("kept_total") == witness.told("checkpoint") == 0
    server = RunningServer(small_nation.data, tmp_path / "log", **settings)
    try:
        server.wait_ready()
        with server.channel() as channel:
            call(channel, "CheckService/CheckPerson", QUESTION)
        until(lambda: witness.checkpoints() >= 2)
        until(lambda: witness.told("kept_total") >= 2 and witness.told("streams") == 1)
    finally:
        server.stop()
    assert not server.events("audit_keeper_failed")
    own = list(CheckpointFiles(tmp_path / "audit" / "checkpoints").texts())
    assert list(CheckpointFiles(witness.kept).texts()) == own
    until(lambda: witness.told("streams") == 0)
    assert witness.told("checkpoint") == witness.told("kept_total") == len(own)
    assert witness.told("checkpoint_age_seconds") < 60 and witness.told("disk_free_bytes") > 0
    keeper = open_keeper(f"grpcs://{witness.target}", witness.files)
    for text, reason in ((own[0], "NOT_CONTINUED"), (own[-1].replace("number", "numbre"), "NOT_SIGNED")):
        with pytest.raises(KeeperError, match="refused"):
            keeper.keep(Checkpoint("", 0, 0, Head(0, b""), {}, text), witness.chain())
        assert witness.told("refused_total", reason) == 1
    keeper.close()


def test_who_shows_no_certificate_or_anothers_is_no_keeper(tmp_path: Path, witness: Witness) -> None:
    stranger = written(tmp_path, "stranger", issue(make_ca("stranger"), "log", [], days=1))
    for files in (
        KeeperFiles(witness.files.ca),
        KeeperFiles(witness.files.ca, *stranger),
        KeeperFiles(None, witness.files.cert, witness.files.key),
    ):
        keeper = open_keeper(f"grpcs://{witness.target}", files)
        with pytest.raises(KeeperError, match="did not answer"):
            keeper.last(witness.chain())
        keeper.close()
    keeper = open_keeper(f"grpcs://{witness.target}", witness.files)
    assert keeper.last(witness.chain()) is None
    keeper.close()


def test_files_that_are_renewed_are_read_anew(tmp_path: Path, witness: Witness) -> None:
    assert witness.files.cert is not None
    certificate = witness.files.cert.read_bytes()
    witness.files.cert.unlink()
    keeper = open_keeper(f"grpcs://{witness.target}", witness.files)
    with pytest.raises(KeeperError, match="files cannot be read"):
        keeper.last(witness.chain())
    witness.files.cert.write_bytes(certificate)
    assert keeper.last(witness.chain()) is None
    keeper.close()


def test_silent_streams_keep_nobody_out(witness: Witness) -> None:
    with ExitStack() as held:
        ended: list[Any] = []
        for _ in range(3 * MOST_STREAMS):
            credentials = witness.files.credentials()
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = held.enter_context(grpc.secure_channel(witness.target, credentials, options))
            outbox: queue.SimpleQueue[contract.KeepRequest | None] = queue.SimpleQueue()
            stream = WitnessServiceStub(channel).Keep(iter(outbox.get, None))  # type: ignore[no-untyped-call]
            outbox.put(contract.KeepRequest())
            assert next(stream).kept is False
            held.callback(outbox.put, None)
            ended.append(stream)
        keeper = open_keeper(f"grpcs://{witness.target}", witness.files)
        assert keeper.last(witness.chain()) is None, "it is answered"
        keeper.close()
        until(lambda: sum(not stream.is_active() for stream in ended) >= 2 * MOST_STREAMS)


def test_a_changed_key_signs_while_the_server_runs_and_the_witness_follows(
    small_nation: BuiltNation, tmp_path: Path, witness: Witness
) -> None:
    """`ronda audit change-key` beside the running server, then a restart, then an auditor's look."""
    settings = {"audit": tmp_path / "audit", "metrics": "off", "workers": 1, **witness.settings()}
    given = {f"RONDA_{name.upper()}": str(value) for name, value in {**settings, "data": small_nation.data}.items()}

    def ronda(*arguments: object) -> Any:
        variables: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        command = ["audit", *map(str, arguments)]
        return CliRunner().invoke(app, command, env={**variables, **given, "COLUMNS": "200"})

    key, new = witness.keys / "signing.key", tmp_path / "keys-2"
    old = key.read_bytes()
    key.chmod(0o640)
    assert ronda("keys", "--signing-only", "--out", new).exit_code == 0
    assert not (new / "auditor.key").exists()
    server = RunningServer(small_nation.data, tmp_path / "log", **settings)
    try:
        server.wait_ready()
        with server.channel() as channel:
            call(channel, "CheckService/CheckPerson", QUESTION)
            until(lambda: witness.checkpoints() >= 2)
            done = ronda("change-key", "--new", new / "signing.key")
            assert done.exit_code == 0, done.output
            call(channel, "CheckService/CheckPerson", QUESTION)
        until((witness.kept / "keys").exists)
        assert key.read_bytes() == (new / "signing.key").read_bytes()
        assert stat.S_IMODE(key.stat().st_mode) == 0o640
    finally:
        server.stop()
    changed = server.events("audit_key_changed")
    assert len(changed) == 1
    assert f"Desde el punto de control {changed[0]['number']} firma la llave {changed[0]['following']}" in done.stdout
    again = RunningServer(small_nation.data, tmp_path / "log-2", **settings).wait_ready()
    with again.channel() as channel:
        call(channel, "CheckService/CheckPerson", QUESTION)
    assert again.stop() == 0
    for each in (server, again):
        assert not each.events("audit_keeper_failed")
        assert not each.events("audit_not_signed")
    assert list(CheckpointFiles(witness.kept).texts()) == list(CheckpointFiles(tmp_path / "audit/checkpoints").texts())
    told = ronda("verify", "--keeper", witness.kept, "--json")
    signers = json.loads(told.stdout)["signing_keys"]
    assert [each["key"] for each in signers] == [changed[0]["key"], changed[0]["following"]]
    for public in (witness.keys / "signing.pub", new / "signing.pub"):
        told = ronda("verify", "--keeper", witness.kept, "--public-key", public)
        assert (told.exit_code, "Íntegra" in told.stdout) == (0, True), told.output
    looks = ronda("tail", "--key", witness.keys / "auditor.key", "--json")
    asked = next(each["record"] for each in json.loads(looks.stdout) if each["method"] == "CHECK_PERSON")
    proof = ronda("proof", "--record", asked, "--key", witness.keys / "auditor.key")
    (tmp_path / "proof").write_text(proof.stdout)
    checked = ronda("proof", "--check", tmp_path / "proof", "--public-key", witness.keys / "signing.pub")
    assert checked.exit_code == 0, "the first key leads to the one that signed"
    key.write_bytes(old)
    assert ronda("change-key", "--new", new / "signing.key").exit_code == 2
    back = RunningServer(small_nation.data, tmp_path / "log-3", **settings)
    assert back.process.wait(60) == 78
    assert f"key {changed[0]['key']} signs nothing more" in back.log_path.read_text()
