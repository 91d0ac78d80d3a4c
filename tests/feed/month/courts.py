"""Courts that issue and cancel warrants each day: in a table, on a bus, in files."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.feed.test_jetstream import Broker
from tests.indexer.small_registers import cui_of
from tests.live.kills.courts import Made

PEOPLE = 40
BORN = "1980-05-17"
_CANCELLED_SHARE = 0.45  # of the changes: so that about as many are wanted on the last day as on the first ones
_SYLLABLES = ("CHOC", "CAAL", "POP", "TZUL", "XICAR", "COJTI", "MENDEZ", "LOPEZ", "ORTIZ", "REYES")


def name_of(person: int) -> str:
    """Nobody's alike."""
    return f"PERSONA {_SYLLABLES[person % 10]} {_SYLLABLES[person // 10 % 10]} {'ABCDEFGHIJ'[person % 10] * 4}"


class Court(ABC):
    """One source. `made`: its changes in their order; the place of one, counted from 1, is its number."""

    source = ""

    def __init__(self, seed: int) -> None:
        self.made: list[Made] = []
        self._random = random.Random(seed)

    def work(self, count: int, at: datetime) -> None:
        """Makes so many changes, each at a time of the stepped clock."""
        begun = len(self.made)
        for _ in range(count):
            self.made.append(self._next())
        self._keep(begun, self.made[begun:], at)

    def wanted(self) -> set[int]:
        """Returns everybody with a warrant of this court."""
        return {person for person in self._last().values() if person is not None}

    def _last(self) -> dict[str, int | None]:
        return {each.record_id: each.person for each in self.made}

    def _next(self) -> Made:
        standing = [record for record, person in self._last().items() if person is not None]
        if standing and self._random.random() < _CANCELLED_SHARE:
            return Made(self._random.choice(standing), None)
        return Made(f"{self.source}-{len(self.made) + 1}", self._random.randint(1, PEOPLE))

    @abstractmethod
    def _keep(self, begun: int, changes: Sequence[Made], at: datetime) -> None:
        """Writes them where the source's program reads. begun: changes before these."""


def row_of(made: Made) -> dict[str, str]:
    """The court's row of a warrant, as its register states it."""
    assert made.person is not None
    who = {"CUI": cui_of(made.person), "NOMBRE": name_of(made.person), "NACIMIENTO": BORN}
    return {"ORDEN": made.record_id, **who, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}


def _stated(made: Made, at: datetime) -> dict[str, Any]:
    stated: dict[str, Any] = {"register": "oj", "id": made.record_id, "event_time": at.isoformat()}
    return stated | ({"kind": "CANCEL"} if made.person is None else {"row": row_of(made)})


class OutboxCourt(Court):
    """Writes rows of an outbox."""

    source = "by-outbox"

    def __init__(self, dsn: str, seed: int) -> None:
        super().__init__(seed)
        self._dsn = dsn

    def _keep(self, begun: int, changes: Sequence[Made], at: datetime) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as database:
            database.execute("SET synchronous_commit = on")  # the cluster has it off: a kill would lose rows
            for each in changes:
                cells = None if each.person is None else json.dumps(row_of(each))
                database.execute(
                    "INSERT INTO ronda_outbox (register, record_id, kind, event_time, cells) "
                    "VALUES ('oj', %s, %s, %s, %s)",
                    (each.record_id, each.kind, at, cells),
                )


class BusCourt(Court):
    """Publishes messages that state their number."""

    source = "by-bus"

    def __init__(self, broker: Broker, seed: int) -> None:
        super().__init__(seed)
        self._broker = broker

    def _keep(self, begun: int, changes: Sequence[Made], at: datetime) -> None:
        async def published(js: Any) -> int:
            for number, each in enumerate(changes, begun + 1):
                message = json.dumps({**_stated(each, at), "sequence": number}).encode()
                await js.publish("oj.changes", message, headers={"Nats-Msg-Id": str(number)})
            return len(changes)

        if self._broker.ask(published) != len(changes):
            raise RuntimeError("the broker did not take what was published")


class FolderCourt(Court):
    """Puts files of changes without numbers into a folder; the program there numbers them."""

    source = "by-folder"

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(seed)
        self._folder = folder

    def _keep(self, begun: int, changes: Sequence[Made], at: datetime) -> None:
        lines = [json.dumps(_stated(each, at)) for each in changes]
        draft = self._folder / f".{begun:06}"
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.rename(self._folder / f"{begun:06}.jsonl")
