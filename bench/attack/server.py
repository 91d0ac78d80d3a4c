"""The server that is attacked: production mode, each of its directories on a small disk of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.attack.disks import Disk
from bench.trust.allowances import patrols_without_end
from bench.trust.kills import recorded_answers
from server.audit.keys import load_signing_private
from server.audit.verifying import Problem, verify
from server.host.memory import private_bytes
from server.trust.issuing import write_private
from tests.server.running_server import RunningServer, until
from tests.trust.trust_kit import TrustKit

_DESCRIPTORS = "1024:4096"  # soft, hard: a stranger holds more than both workers may
_DISKS_MIB = {"data": 384, "audit": 1024, "tmp": 16, "log": 16}
_AUDIT = {"audit_segment_mib": 64, "audit_reserve_mib": 16}
_TOKEN_RENEWED_S = 240.0
_SAMPLE_S = 0.5


@dataclass(frozen=True)
class Sample:
    """at: monotonic seconds. Bytes and descriptors of the largest worker, bytes of the supervisor."""

    at: float
    rss: int
    private: int
    descriptors: int
    supervisor: int


class AttackedServer(RunningServer):
    """A running server. `disks` by name: data, audit, tmp, log."""

    def __init__(self, data: Path, work: Path, workers: int) -> None:
        """data: the generation to serve, copied to its disk. Waits until it is ready."""
        self.kit = TrustKit(work / "keys")
        patrols_without_end(self.kit.trust)
        self.disks = {name: Disk(work / name, mib, "tmpfs") for name, mib in _DISKS_MIB.items()}
        of = {name: disk.directory for name, disk in self.disks.items()}
        wanted = shlex.join(str(data / name) for name in ("generations", "CURRENT", "subject.key"))
        copied = f"cp -a {wanted} {shlex.quote(str(of['data']))}"
        lines = of["log"] / "lines"
        self.inside = (
            *self.disks["data"].around(copied),
            *self.disks["audit"].around(),
            *self.disks["tmp"].around(),
            *self.disks["log"].around(stderr=lines),
        )
        self.environ = {"TMPDIR": str(of["tmp"])}
        settings = {"audit": of["audit"] / "log", "workers": workers, **_AUDIT}
        super().__init__(of["data"], work / "start.log", descriptors=_DESCRIPTORS, **self.kit.settings | settings)
        for disk in self.disks.values():
            disk.pid = self.process.pid
        self.log_path = self.disks["log"].seen / "lines"
        try:
            until(lambda: self.log_path.exists() or self.process.poll() is not None)
            self.wait_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self._tokens: list[tuple[Path, str, str]] = []
        self._held = {name: os.open(self.disks[name].seen, os.O_DIRECTORY) for name in ("audit", "log")}
        self.samples: list[Sample] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._watch, self._renew)]
        for thread in self._threads:
            thread.start()

    def lines(self) -> list[dict[str, Any]]:
        """Log lines; what was cut when their disk was full is left out."""
        found = []
        for line in self.log_path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    def identity(self, number: int, unit: str = "zona-1") -> Path:
        """A new patrol's device and officer: the prefix of its files (clients' Identity), token kept new."""
        device = self.kit.police.device(unit, f"patrol-{number}")
        prefix = self.kit.directory / f"patrol-{number}"
        device.write(prefix.with_suffix(".pem"), prefix.with_suffix(".key"))
        self._tokens.append((prefix.with_suffix(".token"), str(20_000 + number), device.thumbprint))
        self._write_token(*self._tokens[-1])
        return prefix

    def attacker(self, number: int) -> Path:
        """A PEM file of the certificate and key of a device that nobody's token goes with."""
        prefix = self.identity(number)
        path = prefix.with_suffix(".both")
        write_private(path, prefix.with_suffix(".pem").read_bytes() + prefix.with_suffix(".key").read_bytes())
        return path

    def _write_token(self, path: Path, nip: str, thumbprint: str) -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(self.kit.police.token(nip, "zona-1", ["patrol"], thumbprint), encoding="ascii")
        fresh.rename(path)

    def _renew(self) -> None:
        while not self._ended.wait(_TOKEN_RENEWED_S):
            for each in list(self._tokens):
                self._write_token(*each)

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            with suppress(psutil.Error, OSError, ValueError):
                workers = [psutil.Process(pid) for pid in self.worker_pids()]
                self.samples.append(
                    Sample(
                        time.monotonic(),
                        max(worker.memory_info().rss for worker in workers),
                        max(private_bytes(worker.pid) for worker in workers),
                        max(worker.num_fds() for worker in workers),
                        psutil.Process(self.process.pid).memory_info().rss,
                    )
                )

    def end(self, work: Path) -> int:
        """Stops it and copies its audit log and lines to `work`; its exit status."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        status = self.stop()
        for name, descriptor in self._held.items():  # the mounts ended with the server, but for these
            shutil.copytree(f"/proc/self/fd/{descriptor}/", work / f"{name}-kept")
            os.close(descriptor)
        self.log_path = work / "log-kept" / "lines"
        return status

    def audited(self, work: Path, answer_ids: set[bytes]) -> tuple[int, list[Problem]]:
        """Returns (the number of these answers without a record, the problems of verifying); call it after the end."""
        audit = work / "audit-kept" / "log"
        key = load_signing_private(self.kit.directory / "audit-keys" / "signing.key")
        return len(answer_ids - recorded_answers(audit)), verify(audit, key.public_key()).problems
