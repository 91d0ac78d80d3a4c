"""A server in production mode with `ronda live` beside it; its lists change as a court's changes come."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from tests.indexer.small_registers import cui_of
from tests.kit.field_world import STOP, Asker
from tests.kit.small_world import SmallWorld
from tests.live.live_kit import RunningLive
from tests.trust.trust_kit import TrustKit

ANA, LUIS, MARTA = ("ANA LUCIA CAAL CHOC", "LUIS ALBERTO POP TZUL", "MARTA ELENA GARCIA LOPEZ")


class LiveLists(RunningLive):
    """A server in production mode and the writer of live changes beside it; the ledger is written here."""

    def __init__(self, directory: Path, policy: str = "", **settings: object) -> None:
        """policy: more rules of the example's."""
        world = SmallWorld()
        for number, name in enumerate((ANA, LUIS, MARTA), 1):
            world.person(number, name, "1980-05-17")
        world.warrant("W1", cui_of(1), ANA, "1980-05-17")
        self.kit = TrustKit(directory / "keys")
        with (self.kit.trust / "policy.cedar").open("a", encoding="utf-8") as file:
            file.write(policy)
        super().__init__(directory, world, **{"workers": 1, **self.kit.settings, **settings})
        self.ledger = LedgerWriter(self.registers.data / FOLDER)
        self._number = 0

    @property
    def address(self) -> str:
        return "localhost:" + self.server.address.rpartition(":")[2]

    def stop(self) -> None:
        super().stop()
        self.ledger.close()

    def warrant(self, record_id: str, number: int, name: str = "PERSONA NUEVA POP") -> None:
        cells = {"ORDEN": record_id, "CUI": cui_of(number), "NOMBRE": name, "NACIMIENTO": "1980-05-17"}
        self._feed(Kind.UPSERT, record_id, **cells, ESTADO="PENDIENTE", FECHA="2024-02-03", DELITO="ROBO")

    def cancel(self, record_id: str) -> None:
        self._feed(Kind.CANCEL, record_id)

    def _feed(self, kind: Kind, record_id: str, **cells: str) -> None:
        self._number += 1
        now = time.time_ns() // 1_000_000
        change = Change(
            kind, "oj", "court", record_id=record_id, source_sequence=self._number, event_ms=now, record=cells
        )
        self.ledger.append([change], now)

    def patrol(self, role: str = "pnc/patrol", purpose: int = STOP) -> Asker:
        return Asker(self.kit, self.address, role, purpose)

    def records(self, count: int = 40) -> list[AuditRecord]:
        key = load_auditor_private(self.kit.directory / "audit-keys" / "auditor.key")
        return AuditReader(self.registers.data / "audit", key).newest(count)[::-1]

    def kill_maker(self) -> None:
        """It is started again."""
        for child in psutil.Process(self.server.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if "server.hotlist.making_process" in child.cmdline():
                    child.send_signal(signal.SIGKILL)
