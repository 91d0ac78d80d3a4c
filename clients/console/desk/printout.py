"""An answer as it is printed: lines of text under headings, and the seal that stands on each sheet.

The page in the browser and the PDF are both made from it, so they have the same text. It has no tables: a row is a
paragraph, which A4 and a narrow screen hold alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from clients.console.desk.marked import STRONG, Grid, Line, Span
from clients.terminal.told_text import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clients.console.desk.asked import Asked
    from clients.console.desk.shown import Shown

TITLE = "Expediente de una consulta"
MOST_RECORDS = 200
"""Records of one printout. A longer one says what it leaves out."""
QR_SAID = "El código QR lleva el número de la respuesta: con él, la auditoría da la prueba de la bitácora."
_BETWEEN = " · "


@dataclass(frozen=True)
class Part:
    """Lines under a heading."""

    heading: str
    lines: list[Line]


@dataclass(frozen=True)
class Printout:
    """The text of a print. `seal` stands on each sheet; `code` is the text of the QR code."""

    answer_id: str
    seal: list[str]
    code: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Records:
    """The records of one section that were asked for. total: as the answer counted them.

    why_not: the reason for which none of them are printed; "" = they are.
    """

    name: str
    total: int
    table: Grid | None = None
    why_not: str = ""

    @property
    def printed(self) -> int:
        """Returns the number of records in the table."""
        return len(self.table.rows) if self.table is not None else 0


def printout_of(
    who: str, asked: Asked, answer: Shown, answered_utc: str, records: list[Records], note: str
) -> Printout:
    """Returns the printout of an answer. who: the officer's name. note: stands on each sheet; "" = none."""
    parts = [Part("Consulta", list(_question(asked, answer)))]
    if answer.who:
        parts.append(Part("Quién o qué es", list(flat(answer.who))))
    if answer.listed is not None:
        parts.append(Part(answer.listed.grid.title, [*_rows(answer.listed.grid), *flat(answer.listed.said)]))
    for each in records:
        parts.append(Part(f"{each.name}: {each.printed} de {each.total}", list(_records(each))))
    sources = [_line(f"{name}: {state} ({as_of})") for name, state, as_of in answer.sources]
    parts.append(Part("Fuentes", [*flat(answer.sources_said), *sources]))
    return Printout(
        answer_id=answer.answer_id,
        seal=list(_seal(who, asked, answer, note)),
        code=f"ronda-answer/1 {answer.answer_id} {answer.generation_id} {answered_utc}",
        parts=parts,
    )


def utc_text(answered_at: object) -> str:
    """Returns a contract's time as the QR code has it."""
    moment = answered_at.ToDatetime(UTC)  # type: ignore[attr-defined]
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def flat(parts: Iterable[Line | Grid]) -> Iterator[Line]:
    """Yields lines as they are, and a table as a heading and a paragraph for each row."""
    for part in parts:
        if isinstance(part, Grid):
            if part.title:
                yield Line([Span(part.title, STRONG)])
            yield from _rows(part)
        else:
            yield part


def _rows(grid: Grid) -> Iterator[Line]:
    for number, row in enumerate(grid.rows, 1):
        cells = [(heading, _cell(lines)) for heading, lines in zip(grid.headings, row, strict=True)]
        yield _line(f"{number}. " + _BETWEEN.join(f"{heading}: {text}" for heading, text in cells if text))


def _cell(lines: list[Line]) -> str:
    return "; ".join(text for line in lines if (text := "".join(span.text for span in line.spans).strip()))


def _question(asked: Asked, answer: Shown) -> Iterator[Line]:
    yield _line(f"Se preguntó: {asked.words}")
    yield Line([Span(f"{answer.sign} {answer.meaning}", STRONG)])
    yield from flat(answer.head)


def _records(records: Records) -> Iterator[Line]:
    if records.why_not:
        yield Line([Span(records.why_not, STRONG)])
    if records.table is not None:
        yield from _rows(records.table)
    if not records.why_not and records.printed < records.total:
        left = records.total - records.printed
        yield Line([Span(f"Faltan aquí {left} asientos: un expediente lleva {MOST_RECORDS} a lo más.", STRONG)])


def _seal(who: str, asked: Asked, answer: Shown, note: str) -> Iterator[str]:
    why = asked.why
    case = f"{_BETWEEN}caso {why.case_number}" if why.case_number else ""
    reason = f"{_BETWEEN}razón: {why.reason}" if why.reason else ""
    yield f"Consultó {who}{_BETWEEN}{answer.answered_at}{_BETWEEN}motivo: {why.words}{case}{reason}"
    yield f"Respuesta {answer.answer_id}{_BETWEEN}generación {answer.generation_id}"
    yield "Registros: " + "; ".join(f"{name} {as_of}" for name, _, as_of in answer.sources)
    yield QR_SAID
    if note:
        yield note


def _line(text: str) -> Line:
    return Line([Span(told(text))])
