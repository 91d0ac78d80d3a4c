"""A log with a second keeper that is put back from a copy, and the two persons' commands about it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from ronda.command import app
from server.account import account_name
from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import ANSWERS, CHECKPOINTS, Checkpoint, CheckpointFiles, parse
from server.audit.keepers import open_keeper
from server.audit.keys import signing_pem
from server.audit.restorations import Restoration, restoration
from server.audit.seals import SEALS_FILE
from server.audit.segments import SegmentId
from server.audit.writer import clock_ms
from tests.audit.answers import append
from tests.audit.kit import House

PARTS = (CHECKPOINTS, SEALS_FILE, "logs")
TICKS = 3  # of a session, each with a checkpoint


class RestoredLog:
    """A house with a log that goes on in sessions of three checkpoints. keeper: as the setting has it; "" = none."""

    def __init__(self, directory: Path, keeper: str | None = None) -> None:
        self.house = House(directory)
        self.house.now_ms = clock_ms() - 3_600_000
        self.keeper = str(self.house.keeper) if keeper is None else keeper
        self.key = self.house.signing
        self.copies = directory / "copies"

    @contextmanager
    def checkpointer(self) -> Iterator[Checkpointer]:
        """Yields what the process that signs has."""
        keepers = [open_keeper(self.keeper)] if self.keeper else []
        house = self.house
        checkpointer = Checkpointer(house.audit, self.key, keepers, clock=house.clock, monotonic=house.monotonic)
        try:
            yield checkpointer
        finally:
            checkpointer.close()

    def go_on(self, ticks: int = TICKS, copied: str = "") -> list[int]:
        """A session of the server: the numbers that it signed. copied: a copy of that name is made before it ends."""
        signed = []
        with self.checkpointer() as checkpointer, self.house.writer() as writer:
            for number in range(ticks):
                append(writer.log, number, self.house.now_ms)
                self.house.now_ms += 1_000
                checkpoint = checkpointer.tick()
                assert checkpoint is not None
                signed.append(checkpoint.number)
            if copied:
                self.copy(copied)
        return signed

    def copy(self, name: str) -> None:
        shutil.copytree(self.house.audit, self.copies / name)

    def restore(self, *names: str) -> None:
        """Puts back checkpoints, seals and logs, each of the copy of that name; one name: all of it."""
        hash_key = self.house.audit / "hash.key"
        shutil.rmtree(self.house.audit)
        self.house.audit.mkdir(mode=0o700)
        for part, name in zip(PARTS, names if len(names) > 1 else names * len(PARTS), strict=True):
            found = self.copies / name / part
            if found.is_dir():
                shutil.copytree(found, self.house.audit / part)
            elif found.exists():
                shutil.copy2(found, self.house.audit / part)
        shutil.copy2(self.copies / names[-1] / hash_key.name, hash_key)

    def ronda(self, *arguments: object, **given: str) -> Result:
        """`ronda audit ...` with the settings of this log."""
        keys = self.house.keys
        settings = {
            "RONDA_DATA": self.house.audit.parent / "data",
            "RONDA_AUDIT": self.house.audit,
            "RONDA_AUDIT_AUDITOR_KEY": keys / "auditor.pub",
            "RONDA_AUDIT_SIGNING_KEY": keys / "signing.key",
            "RONDA_AUDIT_KEEPER": self.keeper,
            "COLUMNS": "200",
        }
        away: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        environment = away | {name: str(value) for name, value in settings.items()}
        return CliRunner().invoke(app, ["audit", *map(str, arguments)], env=environment, **given)  # type: ignore[arg-type]

    def accept(self, *arguments: str, **given: str) -> Result:
        """The second person's command."""
        where = ("--directory", self.house.keeper, "--public-key", self.house.keys / "signing.pub")
        return self.ronda("witness-accept", *where, *arguments, **given)

    def declared(self) -> None:
        done = self.ronda("restored")
        assert done.exit_code == 0, done.output

    def declared_and_accepted(self) -> None:
        self.declared()
        done = self.accept("--yes")
        assert done.exit_code == 0, done.output

    def verify(self, *arguments: object) -> Result:
        return self.ronda("verify", "--keeper", self.house.keeper, *arguments)

    def use_key(self, key: Ed25519PrivateKey) -> None:
        """Signs with another key, in its file too."""
        self.key = key
        (self.house.keys / "signing.key").write_bytes(signing_pem((key,)))

    def checkpoints(self) -> list[Checkpoint]:
        """The own ones, void ones too."""
        files = CheckpointFiles(self.house.audit / CHECKPOINTS)
        keys = files.keys(self.key.public_key())
        return [parse(text, keys) for text in files.texts()]

    def found(self) -> tuple[list[str], list[str]]:
        """Returns what Ronda's verifier finds, and what the independent one does."""
        return self.house.problems()


def alter(log: RestoredLog, segment: int) -> None:
    """Changes a byte of a segment's last record."""
    path = SegmentId("worker-0", segment).path(log.house.audit)
    data = bytearray(path.read_bytes())
    data[len(data.rstrip(b"\0")) - 40] ^= 1
    path.write_bytes(data)


def declared_by(key: Ed25519PrivateKey, kept: Checkpoint, lost: Checkpoint) -> Restoration:
    """A restoration as whoever has a key would write it."""
    made = (kept.number, kept.time_ms, kept.text)
    return restoration(made, (lost.number, lost.time_ms), lost.time_ms, "pnc", "10001").signed(key)


def own(log: RestoredLog) -> CheckpointFiles:
    """The files of the log."""
    return CheckpointFiles(log.house.audit / CHECKPOINTS)


def theirs(log: RestoredLog) -> CheckpointFiles:
    """The files of the keeper."""
    return CheckpointFiles(log.house.keeper)


def answers(log: RestoredLog) -> list[tuple[str, str]]:
    """Returns the answers that the keeper noted, and the SHA-256 of what each is about; all by this account."""
    noted = [line.split(" ", 3) for line in (log.house.keeper / ANSWERS).read_text("utf-8").splitlines()]
    assert all(time_ms.isdecimal() and account == account_name() for time_ms, _, _, account in noted)
    return [(answer, digest) for _, answer, digest, _ in noted]


def as_json(done: Any) -> Any:
    """Returns what a command printed."""
    assert done.stdout, done.output
    return json.loads(done.stdout)
