"""An answer as the page and its print show it: level, what to do, who it is, candidates, sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from clients.console.desk.marked import Grid, Line, grid, marked
from clients.officer_view.answer import answer_head, meant_line, nothing_found, registers_line, tried_line
from clients.officer_view.candidates import candidates_table, likeness_line, narrowing_line, shared_plate_line
from clients.officer_view.ownership import day_of
from clients.officer_view.person import person_lines
from clients.officer_view.vehicle import vehicle_lines
from clients.officer_view.words import as_of_text, time_text
from clients.spanish import words as spanish
from ronda.v1 import level_pb2, person_pb2, vehicle_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_SIGNS = {
    level_pb2.LEVEL_HIT: "✖",
    level_pb2.LEVEL_POSSIBLE: "▲",
    level_pb2.LEVEL_INCOMPLETE: "◌",
    level_pb2.LEVEL_INSUFFICIENT: "■",
    level_pb2.LEVEL_CLEAR: "✔",
}


_NOBODY = "Nadie ni nada coincide con todo lo dado: quite un dato, o escriba menos de él."


@dataclass(frozen=True)
class Choice:
    """A candidate and what a form sends to open it; empty for one that cannot be opened from a list."""

    cells: list[list[Line]]
    sent: dict[str, str]

    @property
    def of_person(self) -> bool:
        """Returns whether a document can be compared."""
        return bool({"manejo", "cui"} & self.sent.keys())


@dataclass(frozen=True)
class Listed:
    """Several who fit, best first, and what is to be said of them."""

    grid: Grid
    choices: list[Choice]
    said: list[Line | Grid]


@dataclass(frozen=True)
class Shown:
    """An answer. `level`: the colour's word, in lower case; `sign` and `meaning` say the same."""

    level: str
    sign: str
    meaning: str
    head: list[Line | Grid]
    who: list[Line | Grid]
    listed: Listed | None
    sources: list[tuple[str, str, str]]
    sources_said: list[Line | Grid]
    answered_at: str
    answer_id: str
    generation_id: str


def shown(response: Any, *, typed: bool) -> Shown:
    """Returns what a page shows of the answer to a check or a search.

    typed: the officer gave what was asked by; for one of several chosen, the page did.
    """
    answer = response.answer
    subject = _subject(response)
    several = bool(response.candidates) and subject is None
    colour, meaning = spanish.level_words(answer.level)
    head = list(marked(answer_head(answer, subject, of_candidates=several, typed=typed)))[1:]  # its first is the level
    return Shown(
        level=colour.lower().replace(" ", "-"),
        sign=_SIGNS.get(answer.level, "■"),
        meaning=f"{colour}: {meaning}",
        head=head,
        who=[part for each in _who(response, subject) for part in marked(each)],
        listed=_listed(response),
        sources=[
            (s.name, spanish.REGISTER_STATES.get(s.state, "desconocido"), as_of_text(s.as_of)) for s in answer.registers
        ],
        sources_said=list(marked(registers_line(answer))),
        answered_at=time_text(answer.answered_at),
        answer_id=answer.answer_id,
        generation_id=answer.generation_id,
    )


def _listed(response: Any) -> Listed | None:
    if not response.candidates:
        return None
    table = grid(candidates_table(response.candidates, response.candidates_total))
    choices = [Choice(row, _sent(each)) for row, each in zip(table.rows, response.candidates, strict=True)]
    return Listed(table, choices, [part for each in _of_candidates(response) for part in marked(each)])


def _subject(response: Any) -> person_pb2.Person | vehicle_pb2.Vehicle | None:
    for kind in ("person", "vehicle"):
        if kind in type(response).DESCRIPTOR.fields_by_name and response.HasField(kind):
            return getattr(response, kind)  # type: ignore[no-any-return]
    return None


def _who(response: Any, subject: person_pb2.Person | vehicle_pb2.Vehicle | None) -> Iterator[RenderableType]:
    if isinstance(subject, person_pb2.Person):
        yield person_lines(subject)
    elif isinstance(subject, vehicle_pb2.Vehicle):
        yield vehicle_lines(subject, day_of(response.answer.answered_at))
    elif not response.candidates:
        searched = "next_page_token" in type(response).DESCRIPTOR.fields_by_name
        yield Text(_NOBODY if searched else nothing_found(response.answer))
    if getattr(response, "suggestions", None):
        yield Text(meant_line(response), style="bold")
    if getattr(response, "detected", None):
        yield tried_line(response.detected, response.answer)


def _of_candidates(response: Any) -> Iterator[RenderableType]:
    narrowing = narrowing_line(response) if hasattr(response, "narrow_by") else ""
    for line in (likeness_line(response.candidates), shared_plate_line(response.candidates), narrowing):
        if line:
            yield Text(line)


def _sent(candidate: Any) -> dict[str, str]:
    """Returns the opaque handle where the server gives one, else the number that policy lets the list show.

    A person that an order alone names has neither: a check by that name shows the order.
    """
    numbers = (("manejo", candidate.handle), ("cui", candidate.cui), ("placa", candidate.plate))
    for name, value in (*numbers, ("nombre", candidate.name)):
        if value:
            return {name: value}
    return {}
