"""The account that ran a command is recorded, also where the account has no name."""

from __future__ import annotations

import os
import pwd

import pytest

from clients.agency import signing
from server.account import account_name


def test_an_account_is_not_what_the_environment_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "auditor\n1 accepted")
    assert account_name() == pwd.getpwuid(os.getuid()).pw_name


class _Engine:
    def device(self) -> str:
        return ""


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The container may run as any uid; the clerk was once sent to an option that the command has not."""

    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert account_name() == f"uid {os.getuid()}"
    assert signing.who(_Engine())["usuario"] == f"uid {os.getuid()}"  # type: ignore[arg-type]
