"""`python -m tests.release.client_wheel`: dist/ronda_client-<version>-py3-none-any.whl, run by ./run client-wheel.

The wheel is one package, `ronda_client`: clients/client and stubs of the contract under ronda_client.v1, its imports
renamed, so that nothing of it is in the way of the server's wheel in the same environment. The stubs come from the old
generator of requirements/stubs.lock in build/stubs-venv: its code runs on every protobuf since 4.21.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "build" / "client-wheel"
PYTHON = ROOT / "build" / "stubs-venv" / "bin" / "python"
_RENAMED = (
    (re.compile(r"\bclients\.client\b"), "ronda_client"),
    (re.compile(r"\bclients\.(feed|officer_view|spanish|terminal)\b"), r"ronda_client.\1"),
    (re.compile(r"\bronda\.(v1|commands)\b"), r"ronda_client.\1"),
)
# What `ronda-feed` needs beside: the room, its name in the package, and its files; () = all.
_FEED = (
    ("clients/feed", "feed", ()),
    ("clients/spanish", "spanish", ()),
    ("clients/terminal", "terminal", ("told_console", "told_text", "whole_table")),
    ("clients/officer_view", "officer_view", ("candidates", "failures", "styles", "words")),
    (
        "ronda/commands",
        "commands",
        (
            "exit_status", "failures", "options", "output", "question", "spanish_usage",
        ),
    ),
    (
        "ronda/commands/institution",
        "commands/institution",
        ("feed", "feed_program", "feed_refused", "feed_running", "feed_sources"),
    ),
)  # fmt: skip
_IMPORT = re.compile(r"^from ronda\.v1 import ", re.MULTILINE)

_HEAD = '''"""Asks a Ronda server: `Ronda` waits for its answers, `AsyncRonda` is awaited. Guide: docs/client.md."""

from ronda_client.asking import Why
from ronda_client.asynchronous import AsyncRonda
from ronda_client.attempts import Patience
from ronda_client.blocking import Ronda
from ronda_client.clearance import Cleared, Row
from ronda_client.diagnosis import Trouble
from ronda_client.failures import (
    Busy, CallFailure, Fault, FieldViolation, Gone, HalfAnAnswer, NotAllowed, NotSignedIn, QuestionRefused, TooLate,
    Unavailable,
)
from ronda_client.identity import Identity, NoToken, Token

__all__ = [
    "AsyncRonda", "Busy", "CallFailure", "Cleared", "Fault", "FieldViolation", "Gone", "HalfAnAnswer", "Identity",
    "NoToken", "NotAllowed", "NotSignedIn", "Patience", "QuestionRefused", "Ronda", "Row", "Token", "TooLate",
    "Trouble", "Unavailable", "Why",
]
'''

_PROJECT = """[build-system]
requires = ["setuptools>=75"]
build-backend = "setuptools.build_meta"

[project]
name = "ronda-client"
version = "{version}"
description = "Asks a Ronda server: background checks for police"
license = "Apache-2.0"
readme = "client.md"
requires-python = ">=3.11"
dependencies = ["grpcio>=1.49.1", "grpcio-status>=1.49.1", "protobuf>=4.21.6"]

[project.optional-dependencies]
hot-list = ["cryptography>=42"]
feed = [
    "adbc-driver-manager>=1.8", "adbc-driver-postgresql>=1.8", "cryptography>=42", "nats-py>=2.10", "pyarrow>=18",
    "rich>=14", "typer>=0.26", "tzdata",
]

[project.scripts]
ronda-feed = "ronda_client.commands.institution.feed_program:main"

[tool.setuptools]
packages = [
    "ronda_client", "ronda_client.v1", "ronda_client.commands", "ronda_client.commands.institution",
    "ronda_client.feed", "ronda_client.officer_view", "ronda_client.spanish", "ronda_client.terminal",
]

[tool.setuptools.package-data]
"*" = ["*.pyi", "py.typed"]
"""


def lay_out() -> None:
    """The package's sources, anew, in build/client-wheel."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    package = SOURCES / "ronda_client"
    (package / "v1").mkdir(parents=True)
    for source in (ROOT / "clients" / "client").glob("*.py"):
        _copy(source, package)
    for room, name, files in _FEED:
        (package / name).mkdir()
        for source in (ROOT / room).glob("*.py"):
            if not files or source.stem in (*files, "__init__"):
                _copy(source, package / name)
    (package / "__init__.py").write_text(_HEAD, encoding="utf-8")
    (package / "py.typed").touch()
    generate(package / "v1")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    (SOURCES / "pyproject.toml").write_text(_PROJECT.format(version=version), encoding="utf-8")
    for name in ("LICENSE", "docs/client.md"):
        shutil.copy(ROOT / name, SOURCES)


def _copy(source: Path, package: Path) -> None:
    text = source.read_text(encoding="utf-8")
    for pattern, name in _RENAMED:
        text = pattern.sub(name, text)
    (package / source.name).write_text(text.replace('"/ronda_client.v1.', '"/ronda.v1.'), encoding="utf-8")


def generate(directory: Path) -> None:
    """The stubs of the contract into `directory`, as modules of ronda_client.v1."""
    made = SOURCES / "generated"
    made.mkdir()
    protos = [str(path.relative_to(ROOT / "proto")) for path in sorted((ROOT / "proto").rglob("*.proto"))]
    kinds = [f"--{kind}_out={made}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([PYTHON, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", *kinds, *protos], check=True)
    for stub in sorted((made / "ronda" / "v1").iterdir()):
        text = stub.read_text(encoding="utf-8")
        if stub.name.endswith("_pb2_grpc.py") and "Service" not in text:
            continue
        (directory / stub.name).write_text(_IMPORT.sub("from ronda_client.v1 import ", text), encoding="utf-8")
    (directory / "__init__.py").write_text('"""The contract, generated."""\n', encoding="utf-8")
    shutil.rmtree(made)


def main() -> None:
    """Makes the wheel."""
    lay_out()
    out = ROOT / "dist"
    for old in out.glob("ronda_client-*.whl"):
        old.unlink()
    pip = [str(PYTHON), "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(out), str(SOURCES)], check=True)
    print(*(path.relative_to(ROOT) for path in out.glob("ronda_client-*.whl")))  # noqa: T201


if __name__ == "__main__":
    main()
