"""Checks what comes in one burst, as a scanner types: in order, each question whole or not at all, on any screen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from clients.car.app import CarApp
from clients.car.link import Link, NoAnswer
from clients.car.stop import Role
from clients.client.failures import CallFailure
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.car.car_kit import Car, drive

SEED = 20261130
ZONE = ("IDGTM1234567897<1234567890101<", "8001017M3001012GTM<<<<<<<<<<<4", "PEREZ<LOPEZ<<JUAN<JOSE<<<<<<<<")
OTHER_ZONE = ("IDGTM7654321987<7654321980101<",)
PASSPORT = ("P<GTMPEREZ<LOPEZ<<JUAN<JOSE<<<<<<<<<<<<<<<<<", "1234567897GTM8001017M3001012<<<<<<<<<<<<<<04")
LICENCE = (
    "@", "ANSI 636000080002DL00410278DLDAQ12345678", "DCSPEREZ DE LEON", "DACJUAN DAVID",
    "DADNONE", "DBB03141988", "DCGUSA",
    *(f"D{chr(65 + n // 26)}{chr(65 + n % 26)}{'X' * 20}" for n in range(100, 130)),
)  # fmt: skip
LICENCE_ASKED = "PEREZ DE LEON, JUAN DAVID 14/03/1988"


class Asked(list[tuple[str, Role]]):
    """The questions that reached the link, in order; `delay` in seconds, and how many of the next get no answer."""

    delay = 0.0
    failing = 0

    def put_in(self, app: CarApp, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the place of a server."""

        async def ask(_: Link, question: Any, __: Any) -> Any:
            words = question.request.query or question.request.cui
            self.append((words, app.main._under_way.role if app.main._under_way is not None else Role.ANY))
            await asyncio.sleep(self.delay)
            if self.failing:
                self.failing -= 1
                raise NoAnswer(CallFailure("INVALID_ARGUMENT", "", "FIELD_INVALID"))
            response = checks.CheckResponse()
            response.answer.level = level_pb2.LEVEL_CLEAR
            response.answer.generation_id, response.answer.answer_id = "g", "a"
            response.person.name = words
            return response

        async def registers(*_: Any) -> None:
            return None

        async def nothing(*_: Any) -> None:
            return None

        monkeypatch.setattr(Link, "ask", ask)
        monkeypatch.setattr(Link, "registers", registers)
        monkeypatch.setattr(Link, "warm", nothing)


def keys(*typed: str) -> list[Key]:
    """Names of keys as they are, other texts letter by letter."""
    named = {"enter": "\r", "ctrl+j": "\n"}
    found: list[Key] = []
    for each in typed:
        if each in named or (each[0] in "fet" and each in {"escape", "tab", "f1", "f2", "f4", "f5", "f6", "f7", "f8"}):
            found.append(Key(each, named.get(each)))
        else:
            found += [Key(letter, letter) for letter in each]
    return found


def burst(car: Car, events: Iterable[Key | Paste]) -> None:
    for each in events:
        car.app.post_message(each)


async def all_taken(car: Car) -> None:
    await car.pilot.pause()
    await car.until(lambda: car.app.typed.is_empty and not car.app.main.is_busy)


class Draw:
    """Bursts, and what must be asked by them."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.number = 1_000_000_000_000
        self.newest = ""

    def scan(self) -> str:
        self.number += 1
        return str(self.number)

    def part(self) -> tuple[list[Key | Paste], list[tuple[str, Role]]]:
        """Keys, and the questions that they ask."""
        kind = self.random.randrange(9)
        if kind == 0:
            words = " ".join(zone := self.random.choice((ZONE, PASSPORT)))
            typed: list[Key | Paste] = [k for line in zone for k in keys(line, "enter")]
            return self.asks(typed, words)
        if kind == 1:
            return [*keys("f4", words := self.scan(), "enter")], self.of(words, Role.DRIVER)
        if kind == 2 and self.newest:
            return [*keys("f6", "enter")], self.of(self.newest)
        if kind == 3:
            return [*keys("f1", "escape", "f8", words := self.scan(), "enter")], self.of(words)
        if kind == 4:
            return [Paste(words := self.scan()), *keys("enter")], self.of(words)
        if kind == 5:
            return [Paste("X" * 300), *keys("enter")], []
        if kind == 6:
            return [Paste("Y" * 200), *keys("Y", "enter", "enter")], []
        if kind == 7:
            return [*keys("tab", words := self.scan(), "enter", "ctrl+j")], self.of(words)
        return self.asks([*keys("f2", words := self.scan(), "enter")], words)

    def asks(self, typed: list[Key | Paste], words: str) -> tuple[list[Key | Paste], list[tuple[str, Role]]]:
        return typed, self.of(words)

    def of(self, words: str, role: Role = Role.ANY) -> list[tuple[str, Role]]:
        self.newest = words
        return [(words, role)]


@pytest.mark.parametrize("bursts", [40, pytest.param(200, marks=pytest.mark.long)])
def test_bursts_lose_glue_and_reorder_nothing(monkeypatch: pytest.MonkeyPatch, bursts: int) -> None:
    asked, draw = Asked(), Draw()
    expected: list[tuple[str, Role]] = []

    async def scenario(car: Car) -> None:
        await car.log_in()
        for _ in range(bursts):
            asked.delay = draw.random.choice((0.0, 0.0, 0.01))
            before = len(expected)
            typed: list[Key | Paste] = []
            for _ in range(draw.random.choice((1, 2, 2, 3))):
                more, questions = draw.part()
                typed += more
                expected.extend(questions)
            burst(car, typed)
            await all_taken(car)
            assert asked[before:] == expected[before:], "".join(k.key for k in typed if isinstance(k, Key))

    car_app(monkeypatch, asked, scenario)
    assert len(asked) > bursts


def car_app(monkeypatch: pytest.MonkeyPatch, asked: Asked, scenario: Any) -> None:
    """Runs a scenario on a screen with `asked` as its server."""

    async def with_link(car: Car) -> None:
        asked.put_in(car.app, monkeypatch)
        await scenario(car)

    drive(with_link, "localhost:1")


def test_a_scan_behind_one_without_an_answer_is_not_glued_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        asked.failing = 1
        burst(car, keys("1111111111111", "enter"))
        await car.sees("SIN RESPUESTA")
        await all_taken(car)
        assert car.app.main.query_one("#box", Input).value == "1111111111111", "to repeat or to mend"
        burst(car, keys("2222222222222", "enter"))
        await all_taken(car)
        asked.failing = 1
        burst(car, keys("3333333333333", "enter", "4444444444444", "enter"))
        await all_taken(car)
        assert [words for words, _ in asked] == [str(n) * 13 for n in (1, 2, 3, 4)]
        assert car.app.main.query_one("#box", Input).value == ""

    car_app(monkeypatch, asked, scenario)


def test_what_did_not_fit_asks_nothing_and_never_the_former_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask("1111111111111")
        for typed in (
            [Paste("X" * 300)],
            keys("Y" * 201),
            keys(LICENCE[0], "enter", "Z" * 250, "enter", "DAQ1", "enter"),
        ):
            burst(car, [*typed, *keys("enter", "enter")])
            await all_taken(car)
            await car.sees("no se preguntó nada")
        assert [words for words, _ in asked] == ["1111111111111"]
        burst(car, keys("2222222222222", "enter"))
        await all_taken(car)
        assert [words for words, _ in asked][1:] == ["2222222222222"]

    car_app(monkeypatch, asked, scenario)


def test_a_document_of_several_lines_is_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        for document in (ZONE, PASSPORT, LICENCE):
            burst(car, [k for line in document for k in keys(line, "enter")])
            await all_taken(car)
            burst(car, [Paste("\n".join(document)), *keys("enter")])
            await all_taken(car)
        once = [words for words in (" ".join(ZONE), " ".join(PASSPORT), LICENCE_ASKED) for _ in range(2)]
        assert [words for words, _ in asked] == once
        burst(car, keys(ZONE[0], "enter"))
        await car.sees("faltan 2 renglones")
        burst(car, keys("enter"))
        await all_taken(car)
        assert asked[-1][0] == ZONE[0], "Enter once more asks what is there"

    car_app(monkeypatch, asked, scenario)


def test_a_scan_that_waited_behind_a_licences_code_is_its_own_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        asked.delay = 1.0
        burst(car, keys("1111111111111", "enter"))
        later = keys("2222222222222", "enter")
        for each in later:
            each.time += 0.6  # as if scanned while the first question ran
        burst(car, [*(k for line in LICENCE for k in keys(line, "enter")), *later])
        await all_taken(car)
        assert [words for words, _ in asked] == ["1111111111111", LICENCE_ASKED, "2222222222222"]

    car_app(monkeypatch, asked, scenario)


def test_a_scan_behind_a_licences_code_that_was_taken_slowly_is_its_own_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        asked.delay = 1.0  # a slow host looks later than the code's end is awaited: what it asked is still under way
        burst(car, [k for line in LICENCE for k in keys(line, "enter")])
        await car.until(lambda: car.app.typed.is_empty and car.app.main.is_busy)  # all taken, its end awaited
        later = keys("2222222222222", "enter")
        for each in later:
            each.time += 0.6  # typed after a pause, though no time passed since the code's last key was taken
        burst(car, later)
        await all_taken(car)
        assert [words for words, _ in asked] == [LICENCE_ASKED, "2222222222222"]

    car_app(monkeypatch, asked, scenario)


@pytest.mark.parametrize("later", [("2222222222222",), ZONE])
def test_lines_of_two_documents_are_no_question(monkeypatch: pytest.MonkeyPatch, later: tuple[str, ...]) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        burst(car, keys(OTHER_ZONE[0], "enter"))
        await car.sees("faltan 2 renglones")
        burst(car, [k for line in later for k in keys(line, "enter")])
        await all_taken(car)
        assert not [words for words, _ in asked if OTHER_ZONE[0] in words], "another one's lines stood behind it"
        burst(car, keys("3333333333333", "enter"))
        await all_taken(car)
        assert asked[-1][0] == "3333333333333"

    car_app(monkeypatch, asked, scenario)


def test_an_enter_that_is_held_down_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        asked.delay = 0.05
        burst(car, keys("1111111111111", *(("enter",) * 30), "2222222222222", "enter", "ctrl+j"))
        await all_taken(car)
        assert [words for words, _ in asked] == ["1111111111111", "2222222222222"]

    car_app(monkeypatch, asked, scenario)


def test_esc_gives_up_what_runs_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()

    async def scenario(car: Car) -> None:
        await car.log_in()
        asked.delay = 30.0
        burst(car, keys("1111111111111", "enter", "2222222222222", "enter", "3"))
        await car.until(lambda: len(asked) == 1 and car.app.main.query_one("#box", Input).value)
        burst(car, keys("escape"))
        await all_taken(car)
        await car.sees("Cancelada.")
        assert ([words for words, _ in asked], car.app.main.query_one("#box", Input).value) == (
            ["1111111111111"],
            "1111111111111",
        ), "what was cancelled is given back, what waited is dropped"

    car_app(monkeypatch, asked, scenario)
