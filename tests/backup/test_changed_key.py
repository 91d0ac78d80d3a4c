"""A log that got a new signing key while no server ran is copied, restored, and verified by its first key."""

from __future__ import annotations

from pathlib import Path

from server.audit.checkpoints import CheckpointFiles
from server.audit.keys import key_id, load_signing_private, load_signing_public, make_signing_keys
from server.audit.verifying import verify
from tests.command.terminal import piped
from tests.drills.world import SETTINGS
from tests.server.running_server import RunningServer, until


def test_a_changed_key_goes_through_a_copy(installation: Path, served_world: Path, tmp_path: Path) -> None:
    first = load_signing_public(installation / "audit-keys" / "signing.pub")
    make_signing_keys(tmp_path / "keys")
    new = tmp_path / "keys" / "signing.key"
    given = {"data": str(installation), "manifests": str(served_world.parent / "manifests")}
    environment = {f"RONDA_{name.upper()}": str(value) for name, value in {**SETTINGS, **given}.items()}
    done = piped("audit", "change-key", "--new", str(new), **environment)
    assert done.returncode == 0, done.stderr
    assert verify(installation / "audit", first).problems == [], "before the new one signed anything"
    again = piped("audit", "change-key", "--new", str(new), **environment)
    assert (again.returncode, again.stdout) == (0, done.stdout), "nothing is left to do"
    server = RunningServer(installation, tmp_path / "log", **SETTINGS, manifests=given["manifests"]).wait_ready()
    signer = key_id(load_signing_private(new).public_key())
    until(lambda: (CheckpointFiles(installation / "audit" / "checkpoints").last_stated() or ("",))[0] == signer)
    server.stop()
    assert not server.events("audit_not_signed")
    copy, elsewhere = tmp_path / "copy.tar", tmp_path / "elsewhere"
    done = piped("backup", str(copy), "--generation", **environment)
    assert done.returncode == 0, done.stderr
    done = piped("restore", str(copy), "--data", str(elsewhere))
    assert done.returncode == 0, done.stderr + done.stdout
    for known in (first, load_signing_private(new).public_key()):
        verdict = verify(elsewhere / "audit", known)
        assert verdict.problems == []
        assert verdict.keys is not None
        assert len(verdict.keys.changes) == 1
