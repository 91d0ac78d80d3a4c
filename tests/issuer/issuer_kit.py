"""A running issuer of the police, as `ronda keys issuer` makes and serves it, and who calls it."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from ronda.v1 import token_service_pb2 as contract
from ronda.v1.token_service_pb2_grpc import TokenServiceStub
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from server.issuer.clerk import Clerk
from server.issuer.forms import Kind
from server.issuer.set_up import make_issuer
from server.issuer.settings import read_settings
from server.trust.issuing import Issuer, Pair
from tests.server.running_server import Failure

ROOT = Path(__file__).parents[2]
GATEWAY = "spiffe://pnc.gob.gt/gateway/sms"
NIP, NUMBER, PIN, PASSWORD = "10001", "+50255512345", "739154", "una clave larga"


def clerk(directory: Path, *words: str, typed: str = "", expect: int = 0) -> subprocess.CompletedProcess[str]:
    """`ronda keys issuer WORDS`, with what the clerk types; the directory comes behind the first word."""
    command = [sys.executable, "-m", "ronda.command", "keys", "issuer", words[0], str(directory), *words[1:]]
    done = subprocess.run(command, input=f"{typed}\n", capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@contextmanager
def at_work(directory: Path) -> Iterator[Clerk]:
    """Returns a clerk, as the commands have one, without the start of a process."""
    found = Clerk(read_settings(directory))
    try:
        yield found
    finally:
        found.close()


class RunningIssuer:
    """An issuer with one officer, who has chosen a PIN and a password."""

    PROGRAM: tuple[str, ...] = ("ronda.command", "keys", "issuer", "serve")

    def __init__(self, directory: Path, institution: Path, **settings: object) -> None:
        self.directory = directory
        self.institution = Issuer(institution)
        if not directory.exists():
            quick = {"scrypt_log_n": 14, "refusal_step_ms": 50}  # 16 MiB
            make_issuer(directory, institution, ["localhost"], [GATEWAY], "127.0.0.1:0", **{**quick, **settings})
        self.gateway = self.institution.gateway("sms")
        self.device = self.institution.device("zona-1", "patrol-1")
        self._channels: dict[bytes, grpc.Channel] = {}  # by certificate
        self._log = directory.with_suffix(".log")
        self.start()

    def start(self) -> None:
        """Begins, and is ready."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.PROGRAM, str(self.directory), "--listen", "127.0.0.1:0"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "ready on port" in line, self._log.read_text(encoding="utf-8")
        self.address = "localhost:" + line.split("port ")[1].split(",")[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it; the exit status."""
        while self._channels:
            self._channels.popitem()[1].close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def logged(self) -> str:
        """Its log lines."""
        return self._log.read_text(encoding="utf-8")

    def stub(self, pair: Pair | None) -> TokenServiceStub:
        """The connection of whoever has this certificate: one, for a device that opens dozens is closed some."""
        shown = (pair.key, pair.certificate) if pair is not None else (None, None)
        if (opened := self._channels.get(shown[1] or b"")) is not None:
            return TokenServiceStub(opened)  # type: ignore[no-untyped-call]
        credentials = grpc.ssl_channel_credentials((self.directory / "server-ca.pem").read_bytes(), *shown)
        channel = grpc.secure_channel(self.address, credentials, [("grpc.use_local_subchannel_pool", 1)])
        channel = self._channels.setdefault(shown[1] or b"", channel)
        return TokenServiceStub(channel)  # type: ignore[no-untyped-call]

    def enrol(self, nip: str = NIP, number: str = NUMBER, pin: str = PIN) -> None:
        """Enrols by the clerk's commands; the officer's own PIN then replaces the clerk's."""
        with at_work(self.directory) as works:
            works.enrol(nip, "zona-1", ["patrol"], reinstate=False)
            works.set_number(nip, number)
            works.reset(nip, Kind.PIN, "502846")
        request = contract.ChangePinRequest(request_id=fresh(), telephone=number, present="502846", wanted=pin)
        self.stub(self.gateway).ChangePin(request, timeout=20)

    def exchange(self, pair: Pair | None = None, **changes: Any) -> contract.ExchangeResponse:
        """By the gateway, unless another certificate is given."""
        fields = {"request_id": fresh(), "telephone": NUMBER, "pin": PIN} | changes
        request = contract.ExchangeRequest(**fields)
        answer = self.stub(pair or self.gateway).Exchange(request, timeout=30)
        assert isinstance(answer, contract.ExchangeResponse)
        return answer

    def refused(self, pair: Pair | None = None, **changes: Any) -> Failure:
        """An exchange that must fail."""
        try:
            self.exchange(pair, **changes)
        except grpc.RpcError as error:
            return Failure(error)
        raise AssertionError("an answer")

    def records(self, count: int) -> list[AuditRecord]:
        """The newest of its record, oldest first."""
        key = load_auditor_private(self.directory / "audit-keys" / "auditor.key")
        return AuditReader(self.directory / "audit", key).newest(count)


def fresh() -> str:
    """A request id."""
    return uuid.uuid4().hex


def claims(token: str) -> dict[str, Any]:
    """Returns what a token says, unverified."""
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said
