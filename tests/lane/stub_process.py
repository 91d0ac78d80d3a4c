"""Builds the stub of tests/lane/stub.c, under ASan and UBSan unless asked otherwise, and runs it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "lane-stub"
# What is in core/lane besides is the glue's, made of its .pyx.
SOURCES = sorted(path for path in (ROOT / "core" / "lane").glob("*.c") if not path.with_suffix(".pyx").exists())
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
FAST = ("-O3", "-g")
_END_S = 30


def build(flags: tuple[str, ...] = SANITIZED) -> Path:
    """The program of the present sources. Raises subprocess.CalledProcessError; the compiler says why."""
    sources = [Path(__file__).with_name("stub.c"), *SOURCES]
    read = [*sources, *sorted(path for room in ("lane", "machine") for path in (ROOT / "core" / room).glob("*.h"))]
    digest = hashlib.sha256(repr(flags).encode() + b"".join(path.read_bytes() for path in read)).hexdigest()[:16]
    program = BUILD / f"stub-{digest}"
    if not program.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        made = BUILD / f"{digest}-{os.getpid()}"  # several test processes may build at once
        subprocess.run(
            [
                *["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *flags, *map(str, sources), "-o", str(made)],
                *["-lnghttp2", "-lssl", "-lcrypto", "-lpthread"],
            ],
            check=True,
        )
        made.replace(program)
    return program


class Stub:
    """A running stub; settings as stub.c names them."""

    def __init__(self, flags: tuple[str, ...] = SANITIZED, /, **settings: object) -> None:
        given = [f"{name}={value}" for name, value in {"poll_us": 100, **settings}.items()]  # as a server has it
        self.process = subprocess.Popen([build(flags), *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.strip():
            raise RuntimeError(self.process.communicate(timeout=_END_S)[1].decode())
        self.port = int(line)
        self.counters: dict[str, int] = {}

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def look(self) -> dict[str, int]:
        """Its counters now."""
        self.send(signal.SIGUSR2)
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def stop(self) -> dict[str, int]:
        """Drains it; its counters. Raises AssertionError with what a sanitizer said."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        said, wrong = self.process.communicate(timeout=_END_S)
        assert self.process.returncode == 0 and not wrong, wrong.decode()[-8000:]
        self.counters = json.loads(said)
        return self.counters

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.counters:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                self.process.communicate(timeout=_END_S)
