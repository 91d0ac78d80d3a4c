"""Two courts that make changes without a pause, and know which of them were acknowledged to them.

One commits to a PostgreSQL outbox, the other publishes to JetStream. What a kill leaves in doubt is asked for before
the next: a commit by its number, a message by an id that the broker knows again.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import nats
import nats.errors
import psycopg

from tests.indexer.small_registers import cui_of

EVENT = "2026-11-20T10:00:00-06:00"


@dataclass(frozen=True)
class Made:
    """A change that its court knows is kept."""

    record_id: str
    person: int | None  # wanted by it; None = cancelled
    kept_at: float = field(default=0.0, compare=False)  # time.monotonic() when its court was told

    @property
    def kind(self) -> str:
        return "CANCEL" if self.person is None else "UPSERT"


class Court(threading.Thread):
    """Makes changes of records of its own until it is stopped. `made`: in their order."""

    name_of = ""

    def __init__(self, people: Mapping[int, tuple[str, str]], records: int, seed: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.made: list[Made] = []
        self.making: Made | None = None  # on its way: kept or not, nobody knows yet
        self.failure: BaseException | None = None
        self.retries = 0
        self._people, self._records, self._pause_s = people, records, pause_s
        self._random = random.Random(seed)
        self._going = threading.Event()
        self._resting = threading.Event()
        self._over = False

    def run(self) -> None:
        try:
            while not self._over:
                if not self._going.wait(0.1):
                    self._resting.set()
                    continue
                self._resting.clear()
                self.making = made = self._next()
                self._keep(made)
                self.made.append(replace(made, kept_at=time.monotonic()))
                self.making = None
                time.sleep(self._pause_s)
        except BaseException as error:  # told by `rest`
            self.failure = error
            self._resting.set()
        finally:
            self._leave()

    def go(self) -> None:
        """From now on."""
        self._resting.clear()
        self._going.set()

    def rest(self) -> None:
        """Returns when nothing is on its way. Raises what ended it."""
        self._going.clear()
        if not self._resting.wait(120):
            raise TimeoutError(f"{self.name_of} cannot keep a change")
        if self.failure is not None:
            raise self.failure

    def end(self) -> None:
        """For good."""
        self._over = True
        self._going.set()
        self.join(130)

    def wanted(self) -> dict[str, int | None]:
        """The last word on each record."""
        return {each.record_id: each.person for each in self.made}

    def wanted_since(self, latest: float) -> dict[str, int]:
        """Returns record -> person of each UPSERT that is the last word on its record and was kept before `latest`."""
        making = self.making  # read first: what is in `made` by now is no more on its way
        last = {each.record_id: each for each in self.made}
        if making is not None:
            last[making.record_id] = making
        return {
            record: each.person
            for record, each in last.items()
            if each.person is not None and 0.0 < each.kept_at < latest
        }

    def _next(self) -> Made:
        record_id = f"{self.name_of}{self._random.randrange(self._records)}"
        people = [*self._people]
        return Made(record_id, None if self._random.random() < 0.75 else self._random.choice(people))

    def row_of(self, made: Made) -> dict[str, str]:
        """Returns the row of an UPSERT."""
        assert made.person is not None
        name, born = self._people[made.person]
        who = {"CUI": cui_of(made.person), "NOMBRE": name, "NACIMIENTO": born}
        return {"ORDEN": made.record_id, **who, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}

    def _keep(self, made: Made) -> None:
        """Returns once it is kept, by then once."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Lets the connection go."""


class OutboxCourt(Court):
    """Writes an outbox, and in the same transaction which number its change has."""

    name_of = "D"

    def __init__(self, dsn: str, *rest: Any) -> None:
        super().__init__(*rest)
        self._dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None

    def _keep(self, made: Made) -> None:
        number, doubtful = len(self.made) + 1, False
        cells = None if made.person is None else json.dumps(self.row_of(made))
        while True:
            try:
                database = self._opened()
                found = doubtful and database.execute("SELECT 1 FROM made WHERE number = %s", (number,)).fetchone()
                if found:
                    return
                with database.transaction():
                    database.execute("INSERT INTO made VALUES (%s)", (number,))
                    database.execute(
                        "INSERT INTO ronda_outbox (register, record_id, kind, cells) VALUES ('oj', %s, %s, %s)",
                        (made.record_id, made.kind, cells),
                    )
            except psycopg.Error:
                self._connection, doubtful = None, True
                self.retries += 1
                time.sleep(0.1)
            else:
                return

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
            # the private cluster of tests has it off: a killed server would forget what it acknowledged
            self._connection.execute("SET synchronous_commit = on")
        return self._connection


async def _expected(*_error: object) -> None:
    """The broker is killed again and again: what it breaks is tried again."""


class BusCourt(Court):
    """Publishes to JetStream; the same message id once more is the same message."""

    name_of = "B"

    def __init__(self, url: str, *rest: Any) -> None:
        super().__init__(*rest)
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._client: Any = None

    def _keep(self, made: Made) -> None:
        sequence = len(self.made) + 1
        stated: dict[str, Any] = {"register": "oj", "id": made.record_id, "sequence": sequence, "event_time": EVENT}
        stated |= {"kind": "CANCEL"} if made.person is None else {"row": self.row_of(made)}
        while True:
            try:
                self._loop.run_until_complete(self._published(json.dumps(stated).encode(), f"change-{sequence}"))
            except (nats.errors.Error, OSError, TimeoutError):
                self._loop.run_until_complete(self._closed())
                self.retries += 1
                time.sleep(0.1)
            else:
                return

    async def _published(self, message: bytes, message_id: str) -> None:
        if self._client is None:
            self._client = await nats.connect(
                self._url, connect_timeout=2, allow_reconnect=False, error_cb=_expected, closed_cb=_expected
            )
        await self._client.jetstream().publish("oj.changes", message, timeout=2, headers={"Nats-Msg-Id": message_id})

    def _leave(self) -> None:
        self._loop.run_until_complete(self._closed())

    async def _closed(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                await client.close()
