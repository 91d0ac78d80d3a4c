"""A disk that is full when a feed program starts is waited for, as one that fills up while it runs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from clients.feed.issued import Issued, write_issued
from clients.feed.retrying import Retry, keep_on


class _Ended(Exception):
    pass


def test_a_full_disk_is_waited_for_from_the_first_step_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is named, which the system does not do; and no draft stays."""
    state, rooms = tmp_path / "state", [False, False, True]
    told: list[str] = []
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    sync = os.fsync

    def full(descriptor: int) -> None:
        if not rooms.pop(0):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    def step() -> bool:
        if not rooms:
            raise _Ended
        write_issued(state, Issued({"oj": 1}))
        return True

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(_Ended):
        keep_on(step, None, 0.0, Retry(told.append))
    assert "state (no queda espacio en el disco)" in told[0]
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_a_file_that_may_not_be_used_ends_the_first_step(tmp_path: Path) -> None:
    def step() -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    with pytest.raises(PermissionError):
        keep_on(step, None, 0.0, Retry(lambda _text: None))
