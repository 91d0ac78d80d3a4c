"""Errors of the operating system are said in Spanish in all that officers, clerks and auditors read."""

from __future__ import annotations

import errno
import os
import re
import socket
from contextlib import closing
from pathlib import Path

import pytest

from clients.spanish.system_errors import system_error_text
from tests.command.terminal import ROOT, piped

ENGLISH = {
    "clients/client/identity.py",  # a library for programs, whose texts are English
    "clients/client/calls.py",
    "ronda/commands/operator/nation.py",  # operators' commands, English as their logs
    "ronda/commands/operator/live.py",
    "ronda/commands/operator/keys.py",
}
OURS = re.compile(r"\b(No such|Permission|denied|Is a|Not a|already in use|refused|Errno|file or)\b")


def test_no_text_of_the_systems_own_is_shown() -> None:
    found = set()
    for folder in ("clients", "ronda/commands", "ronda/feed"):
        for path in (ROOT / folder).rglob("*.py"):
            if "strerror" in path.read_text(encoding="utf-8"):
                found.add(str(path.relative_to(ROOT)))
    assert found == ENGLISH


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_has_words_or_its_number(number: int) -> None:
    text = system_error_text(OSError(number, os.strerror(number)))
    assert os.strerror(number) not in text or number in (errno.EIO,)
    assert not OURS.search(text) and (str(number) in text or "error" not in text)


def test_names_and_patience() -> None:
    assert (
        system_error_text(socket.gaierror(-2, "Name or service not known")) == "no se conoce un equipo con ese nombre"
    )
    assert system_error_text(TimeoutError("timed out")) == "no contestó a tiempo"
    assert system_error_text(OSError("whatever")) == "no se puede usar"


def test_as_typed(tmp_path: Path) -> None:
    """Files and addresses that cannot be used, of several commands."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = f"127.0.0.1:{taken.getsockname()[1]}"
        for arguments, said in (
            (("feed", "push", str(tmp_path / "none.json")), "no existe"),
            (("feed", "push", str(tmp_path / "file" / "x.json")), "una parte de la ruta no es un directorio"),
            (("console", "--listen", busy), "la dirección ya está en uso por otro programa"),
            (("clear", str(tmp_path / "loop"), "--standard", "wanted"), "No existe el archivo"),
        ):
            ended = piped(*arguments)
            assert ended.returncode != 0
            assert not OURS.search(ended.stderr) and "Traceback" not in ended.stderr, ended.stderr
            assert said in ended.stderr, (arguments, ended.stderr)
