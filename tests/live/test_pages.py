"""Pages of a list while changes come: on every worker they go on where what was listed stands, or say that not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.live.live_kit import RunningLive
from tests.server.paging import refusal, with_token
from tests.server.running_server import Failure, until

NAME = "ANA LUCIA CAAL CHOC"
SEARCH = checks.SearchPersonsRequest(names=NAME, page_size=1)
GONE = "GENERATION_GONE"


class Live(RunningLive):
    """Three of one name, the first with three addresses; the ledger is written here."""

    def __init__(self, directory: Path) -> None:
        world = SmallWorld()
        for street in ("1 CALLE 1-11", "2 CALLE 2-22", "3 CALLE 3-33"):
            world.person(1, NAME, "1970-05-17", CALLE=street)
        world.person(2, NAME, "1980-05-17")
        world.person(3, NAME, "1990-05-17")
        world.warrant("W0", cui_of(7), "LUIS ALBERTO POP TZUL", "1975-01-20")
        super().__init__(directory, world)
        self.ledger = LedgerWriter(self.registers.data / FOLDER)
        self.numbers = dict.fromkeys(("oj", "renap"), 0)

    def stop(self) -> None:
        super().stop()
        self.ledger.close()

    def feed(self, register: str, record_id: str, cells: Mapping[str, str]) -> None:
        self.numbers[register] += 1
        now = time.time_ns() // 1_000_000
        change = Change(
            Kind.UPSERT,
            register,
            register,
            record_id=record_id,
            source_sequence=self.numbers[register],
            event_ms=now,
            record=cells,
        )
        self.ledger.append([change], now)

    def person(self, row: str, number: int, born: str, **cells: str) -> None:
        who = {"ID": row, "CUI": cui_of(number), "NOMBRE": NAME, "NACIMIENTO": born, "SEXO": "F"}
        self.feed("renap", row, who | cells)

    def everywhere(self, request: Any) -> list[Any]:
        """Its answers on connections of their own; what is refused as its reason."""
        found = []
        for _ in range(12):
            ask = Asker(self.server)
            try:
                found.append(ask(request))
            except grpc.RpcError as error:
                found.append(Failure(error).reason)
            ask.channel.close()
        return found


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    world = Live(tmp_path)
    try:
        yield world
    finally:
        world.stop()


def _alerts(pages: list[Any]) -> set[Any]:
    return {page if isinstance(page, str) else page.candidates[0].alerts for page in pages}


def test_a_search_goes_on_with_the_newest_levels(live: Live) -> None:
    first = live.ask(SEARCH)
    second = with_token(SEARCH, first.next_page_token)
    assert _alerts(live.everywhere(second)) == {0}
    warrant = {"ORDEN": "W1", "CUI": cui_of(2), "NOMBRE": NAME, "NACIMIENTO": "1980-05-17"}
    live.feed("oj", "W1", warrant | {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"})
    until(lambda: _alerts(live.everywhere(second)) == {1})
    pages = live.everywhere(second)
    assert {page.answer.level for page in pages} == {pages[0].candidates[0].level} != {0}
    last = live.ask(with_token(SEARCH, pages[0].next_page_token))
    shown = [page.candidates[0].cui for page in (first, pages[0], last)]
    assert (len(set(shown)), last.next_page_token) == (3, "")


def test_a_search_whose_rows_moved_says_so(live: Live) -> None:
    """A fourth of the name, born before the others, would push the first to the second page, to be shown twice."""
    second = with_token(SEARCH, live.ask(SEARCH).next_page_token)
    live.person("R4", 4, "1960-01-01")
    until(lambda: set(map(str, live.everywhere(second))) == {GONE})
    fresh = live.ask(SEARCH)
    assert (fresh.candidates_total, refusal(live.ask, with_token(SEARCH, fresh.next_page_token))) == (4, "")


def test_a_list_goes_on_unless_what_was_listed_changed(live: Live) -> None:
    subject = live.ask.person(cui_of(1)).person.subject_id
    asked = checks.ListRecordsRequest(subject_id=subject, section=section_pb2.SECTION_ADDRESS, page_size=1)
    first = live.ask(asked)
    second = with_token(asked, first.next_page_token)
    live.person("R5", 5, "1999-01-01")
    until(lambda: live.ask.person(cui_of(5)).person.subject_id != "")
    assert {page.total for page in live.everywhere(second)} == {3}
    listed = first.person.addresses[0].street
    row = {"1 CALLE 1-11": "R1-0", "2 CALLE 2-22": "R1-1", "3 CALLE 3-33": "R1-2"}[listed]
    live.person(row, 1, "1970-05-17", CALLE="9 CALLE 9-99")
    until(lambda: set(map(str, live.everywhere(second))) == {GONE})
