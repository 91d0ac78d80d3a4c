"""A server with a restored audit log, and a witness in its own process: both persons act while it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ronda.command import app
from server.audit.checkpoints import CheckpointFiles
from server.audit.keys import make_auditor_keys, make_signing_keys
from tests.kit.nation_kit import BuiltNation
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, call, until


def numbers(directory: Path) -> list[int]:
    """Returns the numbers of the checkpoints in a directory, in their order."""
    texts = CheckpointFiles(directory).texts()
    return [int(text.partition("\nnumber ")[2].partition("\n")[0]) for text in texts]


def test_a_restored_server_signs_again_while_it_runs(small_nation: BuiltNation, tmp_path: Path) -> None:
    audit, keys, kept = tmp_path / "audit", tmp_path / "keys", tmp_path / "kept"
    make_auditor_keys(keys)
    make_signing_keys(keys)
    command = ["audit", "witness", "--listen", "127.0.0.1:0", "--directory", str(kept)]
    witness = subprocess.Popen(
        [sys.executable, "-m", "ronda.command", *command, "--public-key", str(keys / "signing.pub")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert witness.stdout is not None
    port = witness.stdout.readline().partition("port ")[2].partition(",")[0]
    settings: dict[str, object] = {
        "audit": audit,
        "audit_auditor_key": keys / "auditor.pub",
        "audit_signing_key": keys / "signing.key",
        "audit_keeper": f"grpc://127.0.0.1:{port}",
        "metrics": "off",
        "workers": 1,
    }
    given = {f"RONDA_{name.upper()}": str(value) for name, value in {**settings, "data": small_nation.data}.items()}

    def ronda(*arguments: object) -> Any:
        away: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        return CliRunner().invoke(app, ["audit", *map(str, arguments)], env={**away, **given, "COLUMNS": "200"})

    def session(name: str, more: int) -> None:
        """A server that answers, until the witness has so many checkpoints more."""
        wanted = len(numbers(kept)) + more
        server = RunningServer(small_nation.data, tmp_path / name, **settings).wait_ready()
        with server.channel() as channel:
            for count in range(len(numbers(kept)), wanted):
                call(channel, "CheckService/CheckPerson", QUESTION)
                until(lambda count=count: len(numbers(kept)) > count)
        assert server.stop() == 0

    try:
        session("first", 2)
        shutil.copytree(audit, tmp_path / "copy")
        session("lost", 2)
        shutil.rmtree(audit)
        shutil.copytree(tmp_path / "copy", audit)
        last, lost = numbers(audit / "checkpoints")[-1], numbers(kept)[-1]
        server = RunningServer(small_nation.data, tmp_path / "restored", **settings).wait_ready()
        try:
            until(lambda: any("rolled back" in each["why"] for each in server.events("audit_not_signed")))
            with server.channel() as channel:
                call(channel, "CheckService/CheckPerson", QUESTION)
            done = ronda("restored")
            assert done.exit_code == 0, done.output
            assert f"puntos de control {last + 1} a {lost}" in done.stdout
            until(lambda: any("witness-accept" in each["why"] for each in server.events("audit_not_signed")))
            assert (numbers(audit / "checkpoints")[-1], numbers(kept)[-1]) == (last, lost)
            accept = ("witness-accept", "--directory", kept, "--public-key", keys / "signing.pub", "--yes")
            assert ronda(*accept).exit_code == 0
            until(lambda: numbers(kept)[-1] > lost)
        finally:
            server.stop()
        told = ronda("verify", "--keeper", kept)
        assert (told.exit_code, "Íntegra" in told.stdout) == (0, True), told.output
        assert f"REPUESTA DE UNA COPIA: se perdieron los puntos de control {last + 1} a {lost}" in told.stdout
    finally:
        witness.terminate()
        assert witness.wait(20) == 0
        witness.stdout.close()
