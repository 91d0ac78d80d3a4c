"""Replacing a file: whole or not at all, with the mode and the owner of the file that it replaces."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.files.replacement import create_file, draft_path, make_directory, put_in_place, replace_file, replacing

SERVICE = (4711, 4712)  # an account that is not ours

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def rights(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mode & 0o7777, found.st_uid, found.st_gid


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@as_root
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660])
def test_mode_owner_and_group_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, *SERVICE)
    path.chmod(mode)
    before = os.umask(0o077)
    try:
        replace_file(path, b"new", mode=0o604)
        assert (path.read_bytes(), rights(path)) == (b"new", (mode, *SERVICE))
        draft = tmp_path / "made-elsewhere"
        draft.write_bytes(b"newer")
        put_in_place(draft, path)
        assert (path.read_bytes(), rights(path)) == (b"newer", (mode, *SERVICE))
    finally:
        os.umask(before)
    assert names(tmp_path) == ["file"]


@as_root
def test_what_root_makes_in_a_services_directory_is_the_services(tmp_path: Path) -> None:
    home = tmp_path / "service"
    home.mkdir()
    os.chown(home, *SERVICE)
    replace_file(home / "file", b"", mode=0o640)
    make_directory(home / "a" / "b")
    os.close(create_file(home / "a" / "b" / "log"))
    assert rights(home / "file") == (0o640, *SERVICE)
    assert rights(home / "a" / "b") == (0o700, *SERVICE)
    assert rights(home / "a" / "b" / "log") == (0o600, *SERVICE)
    with pytest.raises(FileExistsError):
        create_file(home / "a" / "b" / "log")


def test_the_old_file_stays_where_the_check_or_the_writer_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen = []

    def refuse(draft: Path) -> None:
        seen.append(draft.read_bytes())
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        replace_file(path, b"new", check=refuse)
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert (seen, path.read_bytes(), names(tmp_path)) == ([b"new"], b"old", ["file"])


def test_what_a_killed_writer_left_and_planted_links_are_replaced(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"not ours")
    draft = draft_path(path)
    plants: tuple[Callable[[], object], ...] = (
        lambda: draft.write_bytes(b"half of something longer"),
        lambda: draft.symlink_to(other),
        lambda: draft.hardlink_to(other),
    )
    for plant in plants:
        plant()
        replace_file(path, b"new")
        assert (path.read_bytes(), other.read_bytes()) == (b"new", b"not ours")
        assert not path.is_symlink()
    with pytest.raises(FileNotFoundError, match="nowhere"):
        replace_file(tmp_path / "nowhere" / "file", b"new")


def test_writers_at_once_leave_one_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 100_000 for number in range(4)]

    def write(content: bytes) -> None:
        for _ in range(50):
            replace_file(path, content, durable=False)
            assert path.read_bytes() in contents

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]
