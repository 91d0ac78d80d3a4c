"""./run examples-java: the Java example, with Debian's grpc-java, against a real server with TLS both ways."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.release.conftest import ROOT, run
from tests.release.contract_zip import ZIP
from tests.release.contract_zip import main as make_zip
from tests.trust.conftest import TrustedServer


def test_java(trusted: TrustedServer, tmp_path: Path) -> None:
    make_zip()
    shutil.unpack_archive(ZIP, tmp_path / "contract")
    run(ROOT / "examples" / "java" / "build.sh", tmp_path / "contract", tmp_path)
    classpath = (tmp_path / "classpath").read_text(encoding="utf-8").strip()
    host, _, port = trusted.address.rpartition(":")
    asked = ("java", "-cp", classpath, "Check", host, port, trusted.kit.directory / "patrol")
    level, *hits = run(*asked, "8750313310502").splitlines()
    assert level == "LEVEL_HIT not green"
    assert hits
    run(*asked, "?", status=1)
