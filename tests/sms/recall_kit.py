"""Ronda with a feed and recall, the police's issuer, an SMSC and the gateway: all that a recall by SMS passes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from server.issuer.forms import Kind
from server.recall.orders import FOLDER
from server.recall.store import FILE
from tests.issuer.issuer_kit import RunningIssuer, at_work
from tests.live.test_recall import Fed
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc

PIN = "739154"


class RecallTown:
    """One of each."""

    def __init__(self, directory: Path) -> None:
        self.live = Fed(directory / "ronda")
        police = self.live.kit.directory / "institutions" / "pnc"
        self.issuer = RunningIssuer(directory / "issuer", police, sms_recall_days=30)
        self.smsc = NpmSmsc()
        identity = directory / "gateway"
        self.issuer.gateway.write(identity.with_suffix(".pem"), identity.with_suffix(".key"))
        (directory / "server-ca.pem").write_bytes(self.live.kit.server_ca)
        shutil.copy(self.issuer.directory / "server-ca.pem", directory / "issuer-ca.pem")
        self._settings = {"sms_identity": identity, "sms_issuer": self.issuer.address, "sms_validity_s": 30}
        self.directory = directory / "sms"
        self.gateway = self.start_gateway()
        self.smsc.wait("bound")

    def start_gateway(self, duplicate_s: int = 1) -> GatewayProcess:
        """Over the directory of the one before."""
        self.gateway = GatewayProcess(
            self.directory, self.smsc.port, sms_server=self.live.address, sms_duplicate_s=duplicate_s, **self._settings
        )
        return self.gateway

    def officer(self, nip: str, number: str) -> str:
        """Returns an enrolled officer with a chosen PIN, and the number."""
        self.issuer.enrol(nip, number, PIN)
        return number

    def now_has(self, nip: str, *roles: str) -> None:
        """By the clerk."""
        with at_work(self.issuer.directory) as clerk:
            clerk.enrol(nip, "zona-1", list(roles), reinstate=False)

    def new_number(self, nip: str, number: str) -> None:
        """Changes the number by the clerk; the PIN stays."""
        with at_work(self.issuer.directory) as clerk:
            clerk.set_number(nip, number)
            clerk.reset(nip, Kind.PIN, "502846")

    def ask(self, number: str, text: str) -> str:
        """Asks with the PIN; returns the answer."""
        return self.smsc.answer_to(number, f"{PIN} {text}")

    def unread(self) -> int:
        """Recalls that wait for a receipt."""
        with closing(sqlite3.connect(self.live.registers.data / FOLDER / FILE)) as database:
            [[count]] = database.execute("SELECT count(*) FROM recall WHERE received_ms IS NULL AND over = 0")
            return int(count)

    def stop(self) -> None:
        """All, in order."""
        if self.gateway.process.poll() is None:
            self.gateway.kill()
        self.smsc.stop()
        self.issuer.stop()
        self.live.stop()
