"""An issuer's copy has no pepper, and is restored as a database that a person must accept."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

from tests.command.terminal import piped
from tests.issuer.issuer_kit import RunningIssuer
from tests.trust.trust_kit import TrustKit


def test_an_issuer_is_copied_while_it_serves_and_restored(tmp_path: Path) -> None:
    kit = TrustKit(tmp_path / "keys")
    issuer = RunningIssuer(kit.directory / "issuer", kit.directory / "institutions" / "pnc")
    copy, to = tmp_path / "issuer.tar", tmp_path / "again"
    try:
        issuer.enrol()
        assert issuer.exchange().officer_token
        done = piped("backup", str(copy), "--issuer", str(issuer.directory), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["checkpoint"]["number"] >= 1
        with tarfile.open(copy) as tar:
            names = tar.getnames()
        assert "issuer/officers.db" in names
        assert [name for name in names if "pepper" in name or "sessions" in name] == []
    finally:
        issuer.stop()

    assert piped("restore", str(copy), "--data", str(to)).returncode == 2, "it is no server's"
    done = piped("restore", str(copy), "--issuer", str(to))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "accept" in done.stdout
    (to / "pepper").mkdir(mode=0o700)
    shutil.copy2(issuer.directory / "pepper" / "keys.json", to / "pepper" / "keys.json")
    refused = piped("keys", "issuer", "serve", str(to))
    assert refused.returncode != 0
    assert piped("keys", "issuer", "accept", str(to)).returncode == 0
    again = RunningIssuer(to, kit.directory / "institutions" / "pnc")
    try:
        assert again.exchange().officer_token
    finally:
        again.stop()
