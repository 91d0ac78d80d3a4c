"""An audit directory with its keys, writers and checkpointer, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import CheckpointFiles
from server.audit.keepers import DirectoryKeeper
from server.audit.keys import (
    load_auditor_private,
    load_auditors,
    load_signing_private,
    make_auditor_keys,
    make_signing_keys,
)
from server.audit.reading import AuditReader
from server.audit.verifying import Verdict, verify
from server.audit.writer import AuditWriter, WriterOptions
from tests.audit.answers import START_MS
from tests.audit.independent_verifier import problems


class House:
    """`directory` holds keys/, audit/ and keeper/."""

    def __init__(self, directory: Path) -> None:
        self.keys = directory / "keys"
        self.audit = directory / "audit"
        self.keeper = directory / "keeper"
        self.now_ms = START_MS
        self.stepped_ms = 0  # by how much `now_ms` went otherwise than the monotonic clock
        if not self.keys.exists():
            make_auditor_keys(self.keys)
            make_signing_keys(self.keys)
        self.auditors = load_auditors(self.keys / "auditor.pub")
        self.signing = load_signing_private(self.keys / "signing.key")

    def clock(self) -> int:
        return self.now_ms

    def monotonic(self) -> float:
        return (self.now_ms - self.stepped_ms) / 1000

    def step_clock(self, ms: int) -> None:
        self.now_ms += ms
        self.stepped_ms += ms

    @contextmanager
    def writer(
        self, name: str = "worker-0", segment_bytes: int = 1 << 16, reserve_bytes: int = 0, waits: bool = False
    ) -> Iterator[AuditWriter]:
        options = WriterOptions(self.audit, self.auditors, segment_bytes, reserve_bytes, waits)
        writer = AuditWriter(options, name, self.clock)
        try:
            yield writer
        finally:
            writer.close()

    @contextmanager
    def checkpointer(self, retention_years: int = 5) -> Iterator[Checkpointer]:
        keeper = DirectoryKeeper(self.keeper)
        checkpointer = Checkpointer(
            self.audit, self.signing, [keeper], retention_years, self.clock, monotonic=self.monotonic
        )
        try:
            yield checkpointer
        finally:
            checkpointer.close()

    def sign_days(self, checkpointer: Checkpointer, days: int) -> None:
        """So many days with an hour and a half of signing in each, and a round of retention."""
        self.now_ms += 86_400_000 - self.now_ms % 86_400_000
        for _ in range(days):
            for _ in range(90):
                self.now_ms += 61_000
                checkpointer.tick()
            self.now_ms += 86_400_000 - 90 * 61_000

    def verdict(self, with_keeper: bool = True) -> Verdict:
        return verify(self.audit, self.signing.public_key(), [CheckpointFiles(self.keeper)] if with_keeper else [])

    def problems(self) -> tuple[list[str], list[str]]:
        """Returns what Ronda's verifier finds, and what the independent one does."""
        ours = [str(problem) for problem in self.verdict().problems]
        return ours, problems(self.audit, self.signing.public_key(), [self.keeper])

    def reader(self) -> AuditReader:
        return AuditReader(self.audit, load_auditor_private(self.keys / "auditor.key"))
