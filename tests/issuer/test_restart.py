"""A restart of the issuer: who was signed in goes on, and nobody else."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from server.issuer.forms import Kind
from tests.issuer.issuer_kit import NIP, PIN, RunningIssuer, at_work
from tests.trust.trust_kit import TrustKit

_FILE = "sessions.sealed"


@pytest.fixture
def own(kit: TrustKit, request: pytest.FixtureRequest) -> RunningIssuer:
    """An issuer of this test's own."""
    running = RunningIssuer(kit.directory / request.node.name[:40], kit.directory / "institutions" / "pnc")
    request.addfinalizer(running.stop)
    running.enrol()
    return running


def test_an_ordered_restart_asks_nobody_and_a_kill_everybody(own: RunningIssuer) -> None:
    session = own.exchange().session
    for _ in range(2):
        assert own.stop() == 0
        file = own.directory / _FILE
        assert file.stat().st_mode & 0o777 == 0o600
        assert session.encode() not in file.read_bytes()
        own.start()
        assert not file.exists()
        again = own.exchange(pin="", session=session)
        assert again.session == session
    assert own.refused(own.device, pin="", session=session).reason != "", "not by another certificate"
    own.stop(signal.SIGKILL)
    own.start()
    assert own.refused(pin="", session=session).reason == "SESSION_OVER"


def test_what_ended_stays_ended_whichever_file_is_put_back(own: RunningIssuer, tmp_path: Path) -> None:
    kept, file = tmp_path / _FILE, own.directory / _FILE
    session = own.exchange().session
    own.stop()
    shutil.copy(file, kept)
    own.start()
    changed = own.exchange(pin=PIN).session  # a new one in place of the first
    own.stop()
    shutil.copy(kept, file)
    own.start()
    assert {own.refused(pin="", session=each).reason for each in (session, changed)} == {"SESSION_OVER"}
    assert "sessions_not_taken_up" in own.logged()
    last = own.exchange().session
    own.stop()
    with at_work(own.directory) as works:
        works.reset(NIP, Kind.PIN, "502846")
    own.start()
    assert own.refused(pin="", session=last).reason == "SESSION_OVER"
    own.stop()
    file.write_bytes(bytes(500))
    own.start()
    assert own.process.poll() is None
