"""An answer in layers: what it says, what is dangerous and to be done, who or what it is; the rest on pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from clients.officer_view.answer import answer_head, by_name_line, meant_line, nothing_found, registers_line, tried_line
from clients.officer_view.candidates import candidates_table, likeness_line, several_line, shared_plate_line
from clients.officer_view.deceased import before_acting, note_text
from clients.officer_view.hits import action_text
from clients.officer_view.identity import identity_text
from clients.officer_view.ownership import day_of, why_not_looked_up
from clients.officer_view.person import person_lines
from clients.officer_view.records import records_table
from clients.officer_view.styles import level_badge
from clients.officer_view.vehicle import vehicle_lines
from clients.officer_view.words import as_of_text
from clients.spanish import words as spanish
from ronda.v1 import alert_pb2, level_pb2, person_pb2, register_pb2, vehicle_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import RenderableType

    from ronda.v1 import check_service_pb2

_HITS_AT_ONCE = 2
_DANGERS = (level_pb2.CAUTION_FLAG_ARMED, level_pb2.CAUTION_FLAG_VIOLENT, level_pb2.CAUTION_FLAG_ESCAPE_RISK)


@dataclass(frozen=True)
class Page:
    """The content of one page below the layers; drawn when it is turned to."""

    title: str
    body: Callable[[], RenderableType]


@dataclass(frozen=True)
class Layers:
    """One answer. `level`: the contract's number; `meaning`: its words; the others from the top of the screen down.

    dangers: stand beside the level, and are never scrolled away.
    """

    level: int
    meaning: str
    dangers: list[Text]
    urgent: list[Text]
    who: list[Text]
    pages: list[Page] = field(default_factory=list)


def layers_of(response: Any, *, of_owner: bool = False, typed: bool = True) -> Layers:
    """Layers of a CheckResponse, CheckPersonResponse or CheckVehicleResponse.

    of_owner: the person was asked about as the owner of a vehicle, and need not be the one who drives. typed: the
    officer gave what was asked by.
    """
    answer = response.answer
    subject = subject_of(response)
    return Layers(
        level=answer.level,
        meaning=spanish.level_words(answer.level)[1],
        dangers=dangers_of(_flags(answer)),
        urgent=_urgent(answer, of_owner=of_owner),
        who=_who(response, subject),
        pages=_pages(response, subject, typed=typed),
    )


def subject_of(response: Any) -> person_pb2.Person | vehicle_pb2.Vehicle | None:
    """The person or vehicle that an answer found; None where it found none, or several."""
    for kind in ("person", "vehicle"):
        if kind in type(response).DESCRIPTOR.fields_by_name and response.HasField(kind):
            return getattr(response, kind)  # type: ignore[no-any-return]
    return None


def dangers_of(flags: Iterable[level_pb2.CautionFlag]) -> list[Text]:
    """A line for each caution that means danger."""
    return [Text(f"PELIGRO: {spanish.CAUTIONS[flag]}", style="bold reverse") for flag in flags if flag in _DANGERS]


def _flags(answer: check_service_pb2.Answer) -> list[level_pb2.CautionFlag]:
    return list(dict.fromkeys([*answer.cautions, *(flag for hit in answer.hits for flag in hit.cautions)]))


def _urgent(answer: check_service_pb2.Answer, *, of_owner: bool) -> list[Text]:
    """Notes, the first hits with what to do; then what the answer could not look at."""
    flags = _flags(answer)
    lines: list[Text] = []
    noted = [note_text(note, answer) for note in answer.notes]
    lines += [Text(f"▸ {note}", style="bold") for note in noted]
    lines += [
        Text(f"▸ {spanish.CAUTIONS.get(flag, f'precaución {flag}')}", style="bold")
        for flag in flags
        if flag not in _DANGERS and spanish.CAUTIONS.get(flag) not in noted
    ]
    first = before_acting(answer)
    for hit in answer.hits[:_HITS_AT_ONCE]:
        lines += [_hit_line(hit), *_doubts(hit), action_text(hit, first, of_owner=of_owner)]
    more = answer.hits_total - min(len(answer.hits), _HITS_AT_ONCE)
    if more > 0:
        lines.append(Text(f"Y {more} alerta{'s' if more > 1 else ''} más: Tab", style="bold"))
    if partial := partial_line(answer):
        lines.append(Text(partial, style="bold"))
    return lines


def _hit_line(hit: alert_pb2.Hit) -> Text:
    subject = spanish.SUBJECTS.get(hit.subject.kind, "")
    ordinal = f" {hit.subject.ordinal}" if hit.subject.ordinal else ""
    parts = [f" {spanish.ALERTS.get(hit.kind, 'Alerta')} ({subject}{ordinal})", hit.offence.text]
    said = " · ".join(part for part in parts if part)
    return level_badge(hit.level).append_text(
        Text(f"{said} · {hit.confirmation.text or spanish.UNCONFIRMED}", style="bold")
    )


def _doubts(hit: alert_pb2.Hit) -> list[Text]:
    """Returns the reasons to confirm it first that its line does not already state."""
    return [Text(f"▸ {note.text}", style="bold") for note in hit.notes if note.text != hit.confirmation.text]


def partial_line(answer: check_service_pb2.Answer) -> str:
    """Returns the text for a partial answer, with the missing registers; "" for a whole one."""
    late = [s for s in answer.registers if s.state != register_pb2.REGISTER_STATE_FRESH]
    if answer.coverage == level_pb2.COVERAGE_COMPLETE and not late:
        return ""
    named = "; ".join(
        f"{s.name} {spanish.REGISTER_STATES.get(s.state, 'desconocido')} ({as_of_text(s.as_of)})" for s in late
    )
    return f"RESPUESTA PARCIAL: {named or 'no se sabe qué registros faltan'}"


def _who(response: Any, subject: person_pb2.Person | vehicle_pb2.Vehicle | None) -> list[Text]:
    answer = response.answer
    lines: list[Text] = []
    if isinstance(subject, person_pb2.Person):
        lines += _person_lines(subject)
    elif isinstance(subject, vehicle_pb2.Vehicle):
        lines += _vehicle_lines(subject, answer)
    elif response.candidates:
        lines.append(Text(several_line(response), style="bold"))
    elif not answer.notes:
        lines.append(Text(nothing_found(answer)))
    if status := identity_text(answer, subject):
        lines.append(Text(f"Identidad: {status}"))
    if found_by_name := by_name_line(answer, subject):
        lines.append(Text(found_by_name.partition(" Qué tanto")[0], style="bold"))
    if response.suggestions:
        lines.append(Text(meant_line(response), style="bold"))
    if response.detected:
        lines.append(tried_line(response.detected, response.answer))
    return lines


def _person_lines(person: person_pb2.Person) -> list[Text]:
    claim = person.identity_claims[0] if person.identity_claims else None
    facts = [f"CUI {spanish.cui_text(claim.cui)}"] if claim and claim.cui else []
    if claim and (born := spanish.date_text(claim.birth_date)):
        facts.append(f"nac. {born}")
    if person.HasField("age"):
        facts.append(f"{person.age} años")
    if claim:
        facts.append(spanish.SEXES.get(claim.sex, ""))
    name = (spanish.name_text(claim.name) if claim else person.name) or "sin nombre en archivo"
    return [Text(name, style="bold"), Text(" · ".join(fact for fact in facts if fact))]


def _vehicle_lines(vehicle: vehicle_pb2.Vehicle, answer: check_service_pb2.Answer) -> list[Text]:
    lines = []
    if vehicle.registrations:
        of = vehicle.registrations[0]
        facts = [of.type, of.make, of.line, of.colour, str(of.model_year or ""), f"VIN {of.vin}" if of.vin else ""]
        lines.append(Text(" ".join(fact for fact in facts if fact), style="bold"))
    today = day_of(answer.answered_at)
    for owner in vehicle.owners[:2]:
        line = Text(f"Dueño {owner.ordinal}: {owner.name or 'desconocido'}  ")
        why = why_not_looked_up(owner, today)
        lines.append(line.append(why) if why else line.append_text(level_badge(owner.level)))
    return lines


def _pages(response: Any, subject: person_pb2.Person | vehicle_pb2.Vehicle | None, *, typed: bool) -> list[Page]:
    answer = response.answer
    several = bool(response.candidates) and subject is None
    pages = [Page("Alertas", lambda: answer_head(answer, subject, of_candidates=several, typed=typed))]
    if isinstance(subject, person_pb2.Person):
        pages.append(Page("Persona", lambda: person_lines(subject)))
    elif isinstance(subject, vehicle_pb2.Vehicle):
        pages.append(Page("Vehículo", lambda: vehicle_lines(subject, day_of(answer.answered_at))))
    if response.candidates:
        pages.append(Page("Candidatos", lambda: _candidates(response)))
    if subject is not None and subject.totals:
        pages.append(Page("Expediente", lambda: _dossier(response, subject)))
    pages.append(Page("Fuentes", lambda: _sources(response)))
    return pages


def _candidates(response: Any) -> Group:
    said = filter(None, (likeness_line(response.candidates), shared_plate_line(response.candidates)))
    return Group(candidates_table(response.candidates, response.candidates_total), *(Text(line) for line in said))


def _dossier(response: Any, subject: person_pb2.Person | vehicle_pb2.Vehicle) -> Group:
    totals = {int(total.section): total.total for total in subject.totals}  # a section is its field's number
    tables = [
        records_table(section.number, rows, totals[section.number], response.answer.answered_at)
        for section, rows in subject.ListFields()
        if section.is_repeated
        and section.message_type
        and "record" in section.message_type.fields_by_name
        and section.number in totals
    ]
    return Group(*tables)


def _sources(response: Any) -> Group:
    states: Iterable[Text] = (
        Text(f"{s.name}: {spanish.REGISTER_STATES.get(s.state, 'desconocido')} ({as_of_text(s.as_of)})")
        for s in response.answer.registers
    )
    return Group(registers_line(response.answer), *states)
