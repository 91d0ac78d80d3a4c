"""`ronda sms` with settings or files that do not do says so, and does not start."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.sms.journal import Entry, Journal
from clients.sms.kept_file import JournalError
from clients.sms.running import SmsSettingsError, run
from clients.sms.settings import SmsSettings
from ronda.commands.operator.sms import sms


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "sms_smsc: must be host:port"),
        ({"sms_smsc": "smsc"}, "sms_smsc: must be host:port"),
        ({"sms_smsc": "127.0.0.1:1"}, "sms_issuer: is missing"),
        ({"sms_smsc": "127.0.0.1:1", "sms_issuer": "127.0.0.1:1", "sms_password": "long"}, "8 characters at most"),
    ],
)
def test_a_bad_setting_is_named(given: dict[str, str], named: str, tmp_path: Path) -> None:
    if "sms_password" in given:
        (tmp_path / "password").write_text("ninechars", encoding="ascii")
        given = {**given, "sms_password": str(tmp_path / "password")}
    with pytest.raises(SmsSettingsError, match=named):
        run(SmsSettings.model_validate({"sms_directory": tmp_path / "queue", **given}))


def test_the_experiment_of_grpc_is_one_that_this_grpc_knows() -> None:
    """It would complain on standard error, in the gateway's log of JSON lines."""
    program = "import ronda.commands.operator.sms, grpc; grpc.insecure_channel('localhost:1').close()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment | {"GRPC_VERBOSITY": "error"}, stderr=subprocess.PIPE, check=True)
    assert done.stderr == b""


def test_a_directory_is_one_gateways_and_its_key_its_own(tmp_path: Path) -> None:
    asyncio.run(a_directory_is_one_gateways(tmp_path))


async def a_directory_is_one_gateways(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    entry = Entry(first.next_reference(), 1.0, "id", "50255512345", 1, 1, "1110", "P 1234567890101")
    first.accept(entry, b"seen")
    await first.keep()
    with pytest.raises(JournalError):
        Journal(tmp_path)
    await first.close()
    again = Journal(tmp_path)
    assert [left.text for left in again.left_over()] == [entry.text]
    assert again.was_seen(b"seen", 0.5) and again.next_reference() == 2
    again.done(1)
    await again.close()
    (tmp_path / "queue.key").write_bytes(bytes(32))
    other = Journal(tmp_path)
    assert other.left_over() == []
    await other.close()
    assert (tmp_path / "queue.db").stat().st_mode & 0o777 == 0o600 or (tmp_path.stat().st_mode & 0o077) == 0


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    asyncio.run(another_key_opens_nothing(tmp_path))


async def another_key_opens_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.accept(Entry(journal.next_reference(), 1.0, "id", "5", 1, 1, "1", "P"), b"seen")
    await journal.close()
    (tmp_path / "queue.key").write_bytes(bytes(32))
    with pytest.raises(JournalError, match=r"queue\.key"):
        Journal(tmp_path).left_over()


def test_the_demonstration_asks_the_server_that_every_command_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("ronda.demo.sms.demonstrate", asked.append)
    monkeypatch.setenv("RONDA_SERVER", "127.0.0.1:4711")
    sms(demo=True)
    assert asked == ["127.0.0.1:4711"]
