"""The head of every answer: the level, the reasons, the action, and the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from clients.officer_view.deceased import DOCUMENTS, before_acting, note_text
from clients.officer_view.frame import Framed
from clients.officer_view.hits import hit_lines
from clients.officer_view.identity import identity_text
from clients.officer_view.styles import WARNING, level_headline
from clients.officer_view.words import as_of_text, words
from clients.spanish import words as spanish
from ronda.v1 import check_service_pb2, level_pb2, person_pb2, register_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from clients.officer_view.identity import Subject

_FINDS_NOBODY = {
    level_pb2.CRITERION_PARENTS,
    level_pb2.CRITERION_BIRTH_DATE,
    level_pb2.CRITERION_SEX,
    level_pb2.CRITERION_MAKE,
    level_pb2.CRITERION_COLOUR,
    level_pb2.CRITERION_MODEL_YEAR,
}
_FIND_PERSONS = {*DOCUMENTS, level_pb2.CRITERION_TELEPHONE}


def answer_head(
    answer: check_service_pb2.Answer, subject: Subject | None = None, *, of_candidates: bool = False, typed: bool = True
) -> Framed:
    """Returns the level, identity status, notes, cautions, comparisons and hits.

    subject: the subject found, if any. of_candidates: several may be meant, each with comparisons of its own; the
    head's comparisons, which only show that something was found, are left out. typed: the officer gave the question's
    data; for an owner, or a person chosen from a list, the screen did.
    """
    parts: list[RenderableType] = [level_headline(answer.level)]
    if status := identity_text(answer, subject):
        parts.append(Text(f"Identidad: {status}"))
    parts += [Text(f"Nota: {note_text(note, answer)}", style=WARNING) for note in answer.notes]
    noted = {note.text for note in answer.notes}
    cautions = [caution for caution in answer.cautions if spanish.CAUTIONS.get(caution) not in noted]
    if cautions:
        parts.append(Text(f"Precaución: {words(cautions, spanish.CAUTIONS)}", style=WARNING))
    if answer.comparisons and not of_candidates:
        compared = ", ".join(
            f"{spanish.CRITERIA.get(c.criterion, '?')}: {spanish.AGREEMENTS.get(c.agreement, 'sin dato')}"
            for c in answer.comparisons
        )
        if typed:
            parts.append(Text(f"Lo que usted dio: {compared}"))
        if found_by_name := by_name_line(answer, subject):
            parts.append(Text(found_by_name, style=WARNING))
    as_of = {status.register_id: status.as_of for status in answer.registers}
    first = before_acting(answer)
    parts += [hit_lines(hit, as_of, first) for hit in answer.hits]
    if answer.hits_total > len(answer.hits):
        parts.append(Text(f"Y {answer.hits_total - len(answer.hits)} alertas más, que aquí no caben."))
    return Framed(*parts)


def by_name_line(answer: check_service_pb2.Answer, subject: Subject | None) -> str:
    """Returns the line for one person found by a name alone, which others may bear; "" if other data supports it.

    The answer has no likeness of a single person: a search gives it.
    """
    held = {comparison.criterion: comparison.agreement for comparison in answer.comparisons}
    names = held.pop(level_pb2.CRITERION_NAMES, None)
    if not isinstance(subject, person_pb2.Person) or names is None or _FIND_PERSONS & held.keys():
        return ""
    others = "otras personas pueden llevarlo, confirme con el DPI"
    if names != level_pb2.AGREEMENT_AGREES:
        return f"Se halló solo por el nombre, que coincide en parte: {others}. Qué tanto se parece: `ronda search`."
    if held.get(level_pb2.CRITERION_BIRTH_DATE) == level_pb2.AGREEMENT_AGREES:
        return ""
    return f"Se halló solo por el nombre: {others}."


def nothing_found(answer: check_service_pb2.Answer) -> str:
    """Returns the line for nothing on file; or for data that finds nobody alone (a birth date, a colour): not looked
    up."""
    given = {c.criterion for c in answer.comparisons}
    if given and given <= _FINDS_NOBODY:
        return "Con eso solo no se busca: agregue un nombre, un documento, una placa o un VIN."
    return "Nada consta con lo preguntado: ni persona ni vehículo."


def tried_line(
    detected: Iterable[check_service_pb2.DetectedKind], answer: check_service_pb2.Answer | None = None
) -> Text:
    """Returns the kinds that the one box was taken for, each with whether it is on file; the text of a name is not
    repeated.

    answer: shows whether a birth date was asked besides. The name by itself may then be on file.
    """
    dated = answer is not None and any(c.criterion == level_pb2.CRITERION_BIRTH_DATE for c in answer.comparisons)
    said = []
    for kind in detected:
        what, held = spanish.KINDS.get(kind.kind, "?"), "consta" if kind.found else "no consta"
        if kind.kind == check_service_pb2.IDENTIFIER_KIND_NAME:
            if dated and not kind.found:  # with a year alone, every bearer is on file and none stands out
                what, held = f"{what} con esa fecha de nacimiento", "nadie se identifica"
        elif kind.canonical:
            what += f" {kind.canonical}"
        said.append(f"{what} ({held})")
    return Text(f"Se buscó como: {', '.join(said)}")


def meant_line(response: check_service_pb2.CheckResponse) -> str:
    """Returns the line of identifiers that may have been meant, with those on file."""
    found, on_file = list(response.suggestions), response.suggestions_on_file
    parts = [f"{', '.join(found[:on_file])} ({'constan' if on_file > 1 else 'consta'})"] if on_file else []
    parts += (
        [f"{', '.join(found[on_file:])} (no consta{'n' if len(found) - on_file > 1 else ''})"]
        if found[on_file:]
        else []
    )
    return f"¿Quiso decir {'; o '.join(parts)}?"


def registers_line(answer: check_service_pb2.Answer) -> Text:
    """Returns the registers that were not fresh, or that all were; with the generation and the answer's id."""
    late = [status for status in answer.registers if status.state != register_pb2.REGISTER_STATE_FRESH]
    text = Text()
    if late:
        text.append("Registros no al día: ", style=WARNING)
        text.append(
            "; ".join(
                f"{s.name}: {spanish.REGISTER_STATES.get(s.state, 'desconocido')} ({as_of_text(s.as_of)})" for s in late
            )
        )
    elif answer.coverage == level_pb2.COVERAGE_COMPLETE and answer.level != level_pb2.LEVEL_UNSPECIFIED:
        text.append(f"Los {len(answer.registers)} registros consultados están al día.")
    text.append(f"\nRespuesta {answer.answer_id} · generación {answer.generation_id}")
    return text
