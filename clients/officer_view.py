"""An answer as an officer reads it: the level first, then why, what to do, who it is, and how fresh the registers are.

Each function returns rich renderables; a terminal shows colours, a pipe gets plain text.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clients import spanish
from ronda.v1 import alert_pb2, level_pb2, register_pb2, section_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.timestamp_pb2 import Timestamp

    from clients.connection import CallFailure
    from ronda.v1 import check_service_pb2, person_pb2, register_service_pb2, vehicle_pb2

_Code = TypeVar("_Code", bound=int)

GUATEMALA = timezone(timedelta(hours=-6))  # no daylight saving

_COLOURS = {"ROJO": "red", "AMARILLO": "yellow", "GRIS": "bright_black", "NEGRO": "white", "VERDE": "green"}


def time_text(time: Timestamp) -> str:
    """dd/mm/yyyy hh:mm in Guatemala; "nunca" when unset."""
    if not time.seconds:
        return "nunca"
    return datetime.fromtimestamp(time.seconds, GUATEMALA).strftime("%d/%m/%Y %H:%M")


def _words(codes: Iterable[_Code], table: Mapping[_Code, str]) -> str:
    return ", ".join(table.get(code, f"código {code}") for code in codes)


def hit_lines(hit: alert_pb2.Hit) -> Text:
    """One hit: kind, level, subject, record, offence, action, sources, as-of."""
    colour, _ = spanish.level_words(hit.level)
    text = Text()
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    subject = spanish.SUBJECTS.get(hit.subject.kind, "")
    ordinal = f" {hit.subject.ordinal}" if hit.subject.ordinal else ""
    text.append(f"{colour} · {kind} ({subject}{ordinal})\n", style=f"bold {_COLOURS[colour]}")
    if hit.offence.text or hit.authority:
        text.append(f"  {' · '.join(part for part in (hit.offence.text, hit.authority) if part)}\n")
    text.append(f"  Acción: {hit.action.text}\n", style="bold")
    text.append(f"  Referencia: {hit.record.register_id} {hit.record.record_id}")
    if issued := spanish.date_text(hit.issued):
        text.append(f" · emitida {issued}")
    if valid_to := spanish.date_text(hit.valid_to):
        text.append(f" · vence {valid_to}")
    others = ", ".join(
        f"{s.record.register_id} {s.record.record_id} ({spanish.STATES.get(s.state, 'estado desconocido')})"
        for s in hit.sources
    )
    text.append(f"\n  Fuentes: {others} · datos al {time_text(hit.source_as_of)}")
    if hit.source_state != register_pb2.REGISTER_STATE_FRESH:
        text.append(f" ({spanish.REGISTER_STATES.get(hit.source_state, 'estado desconocido')})", style="bold yellow")
    if hit.agrees:
        text.append(f"\n  Coincide: {_words(hit.agrees, spanish.CRITERIA)}")
    if hit.disagrees:
        text.append(f"\n  No coincide: {_words(hit.disagrees, spanish.CRITERIA)}", style="yellow")
    if hit.cautions:
        text.append(f"\n  Precaución: {_words(hit.cautions, spanish.CAUTIONS)}", style="bold yellow")
    for note in hit.notes:
        text.append(f"\n  Nota: {note.text}", style="yellow")
    return text


def answer_head(answer: check_service_pb2.Answer) -> Panel:
    """The level, identity status, hits, cautions and notes."""
    colour, meaning = spanish.level_words(answer.level)
    parts: list[RenderableType] = []
    status = spanish.IDENTITY.get(answer.identity_status)
    if status:
        parts.append(Text(f"Identidad: {status}"))
    parts += [Text(f"Nota: {note.text}", style="yellow") for note in answer.notes]
    if answer.cautions:
        parts.append(Text(f"Precaución: {_words(answer.cautions, spanish.CAUTIONS)}", style="bold yellow"))
    if answer.comparisons:
        compared = ", ".join(
            f"{spanish.CRITERIA.get(c.criterion, '?')}: {spanish.AGREEMENTS.get(c.agreement, 'sin dato')}"
            for c in answer.comparisons
        )
        parts.append(Text(f"Dado: {compared}"))
    parts += [hit_lines(hit) for hit in answer.hits]
    if answer.hits_total > len(answer.hits):
        parts.append(Text(f"… y {answer.hits_total - len(answer.hits)} alertas más"))
    return Panel(Group(*parts), title=f" {colour}: {meaning} ", border_style=f"bold {_COLOURS[colour]}")


def registers_line(answer: check_service_pb2.Answer) -> Text:
    """Which registers were not fresh, or that all were; with the generation and the answer's id."""
    late = [status for status in answer.registers if status.state != register_pb2.REGISTER_STATE_FRESH]
    text = Text()
    if late:
        text.append("Registros no al día: ", style="bold yellow")
        text.append(
            "; ".join(
                f"{s.name}: {spanish.REGISTER_STATES.get(s.state, 'desconocido')} (datos al {time_text(s.as_of)})"
                for s in late
            )
        )
    elif answer.coverage == level_pb2.COVERAGE_COMPLETE:
        text.append(f"Los {len(answer.registers)} registros están al día.")
    text.append(f"\nRespuesta {answer.answer_id} · generación {answer.generation_id}", style="dim")
    return text


def person_lines(person: person_pb2.Person) -> Group:
    """Who it is, by each register's claim, then what is on file by section."""
    parts: list[RenderableType] = []
    for claim in person.identity_claims[:5]:
        text = Text(f"{spanish.name_text(claim.name)}", style="bold")
        facts = [f"CUI {spanish.cui_text(claim.cui)}" if claim.cui else "", f"NIT {claim.nit}" if claim.nit else ""]
        if claim.document.number:
            facts.append(f"documento {claim.document.country} {claim.document.number}")
        if birth := spanish.date_text(claim.birth_date):
            facts.append(f"nac. {birth}")
        facts += [spanish.SEXES.get(claim.sex, ""), claim.civil_status, claim.profession]
        if death := spanish.date_text(claim.death_date):
            facts.append(f"falleció {death}")
        text.append(f"  {' · '.join(fact for fact in facts if fact)}  [{claim.record.register_id}]", style="none")
        parts.append(text)
    if person.HasField("age"):
        parts.append(Text(f"Edad: {person.age} años"))
    for address in person.addresses[:2]:
        where = ", ".join(part for part in (address.street, address.zone) if part)
        parts.append(Text(f"Dirección: {where} [{address.record.register_id}]"))
    if person.HasField("homonyms") and person.homonyms:
        parts.append(Text(f"Homónimos vivos: {person.homonyms}", style="yellow"))
    if person.HasField("name_only_alerts") and person.name_only_alerts:
        parts.append(
            Text(f"Alertas solo por nombre, sin color por ser nombre común: {person.name_only_alerts}", style="yellow")
        )
    parts += [closed_line(hit) for hit in person.closed_alerts]
    parts.append(totals_line(person.totals))
    return Group(*parts)


def closed_line(hit: alert_pb2.Hit) -> Text:
    """An alert that gives no colour, with the reason."""
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    notes = "; ".join(note.text for note in hit.notes)
    return Text(f"Sin efecto: {kind} {hit.record.register_id} {hit.record.record_id}: {notes}", style="dim")


def totals_line(totals: Iterable[person_pb2.SectionTotal]) -> Text:
    """Records on file, by section."""
    said = [
        f"{spanish.SECTIONS.get(t.section, '?')} {t.total}" for t in totals if t.section != section_pb2.SECTION_IDENTITY
    ]
    return Text(f"En archivo: {', '.join(said)}" if said else "Sin otros registros.")


def vehicle_lines(vehicle: vehicle_pb2.Vehicle) -> Group:
    """What it is, its plates and its owners with their levels."""
    parts: list[RenderableType] = []
    for registration in vehicle.registrations[:3]:
        facts = [registration.type, registration.make, registration.line, registration.colour]
        facts.append(str(registration.model_year) if registration.model_year else "")
        facts.append(f"VIN {registration.vin}" if registration.vin else "")
        text = Text(" ".join(fact for fact in facts if fact), style="bold")
        text.append(f"  [{registration.record.register_id}]", style="none")
        parts.append(text)
    for plate in vehicle.plate_assignments[:5]:
        until = spanish.date_text(plate.valid_to)
        since = spanish.date_text(plate.valid_from)
        dates = " ".join(
            part for part in (f"desde {since}" if since else "", f"hasta {until}" if until else "") if part
        )
        parts.append(Text(f"Placa {plate.plate} {dates}"))
    for owner in vehicle.owners:
        colour, _ = spanish.level_words(owner.level)
        text = Text(f"Propietario {owner.ordinal}: {owner.name or 'desconocido'}")
        if owner.share_percent:
            text.append(f" ({owner.share_percent} %)")
        if until := spanish.date_text(owner.valid_to):
            text.append(f" hasta {until}")
        text.append(f"  {colour}", style=f"bold {_COLOURS[colour]}")
        if status := spanish.IDENTITY.get(owner.identity_status):
            text.append(f"  identidad: {status}", style="none")
        parts.append(text)
    parts += [closed_line(hit) for hit in vehicle.closed_alerts]
    parts.append(totals_line(vehicle.totals))
    return Group(*parts)


def candidates_table(candidates: Iterable[check_service_pb2.Candidate], total: int) -> Table:
    """Several subjects that fit, best first; of persons found by name how like they are, and the spelling on file.

    Four columns with a line for each thing, so that a terminal of 80 columns cuts nothing.
    """
    table = Table(title=f"Candidatos: {total}", title_justify="left", expand=False, show_lines=True)
    for heading, narrow in (("n.", True), ("nivel", True), ("quién o qué", False), ("comparado", False)):
        table.add_column(heading, no_wrap=narrow)
    for number, candidate in enumerate(candidates, 1):
        colour, _ = spanish.level_words(candidate.level)
        level = Text(colour, style=f"bold {_COLOURS[colour]}")
        table.add_row(str(number), level, _subject_cell(candidate), _compared_cell(candidate))
    return table


def _subject_cell(candidate: check_service_pb2.Candidate) -> Text:
    born = spanish.date_text(candidate.birth_date)
    lines = [
        candidate.name or _plates(candidate),
        f"CUI {spanish.cui_text(candidate.cui)}" if candidate.cui else candidate.description,
        f"nac. {born}" if born else "",
        f"escrito {candidate.matched_name} [{candidate.matched_register_id}]" if candidate.matched_name else "",
        f"alertas: {candidate.alerts}",
    ]
    return Text("\n".join(line for line in lines if line))


def _compared_cell(candidate: check_service_pb2.Candidate) -> Text:
    """What agrees, what does not, what decides nothing (within known noise, or no data), and the likeness."""
    lines = []
    for agreement, said in (
        (level_pb2.AGREEMENT_AGREES, "coincide"),
        (level_pb2.AGREEMENT_DISAGREES, "NO coincide"),
        (level_pb2.AGREEMENT_UNKNOWN, "dudoso o sin dato"),
    ):
        criteria = [c.criterion for c in candidate.comparisons if c.agreement == agreement]
        if criteria:
            lines.append(f"{said}: {_words(criteria, spanish.CRITERIA)}")
    if candidate.HasField("score"):
        lines.append(f"parecido: {100 * candidate.score:.0f} %" if candidate.score >= 0.01 else "parecido: < 1 %")
    return Text("\n".join(lines))


def narrowing_line(response: check_service_pb2.SearchPersonsResponse) -> str:
    """What would narrow a search that found many; empty when it found few."""
    if not response.narrow_by:
        return ""
    what = spanish.NARROWING.get(response.narrow_by, response.narrow_by)
    return f"Son {response.candidates_total}: para acotar, agregue {what}."


def too_broad_line(failure: CallFailure) -> str:
    """That too many may fit what was asked, how many where the server counted them, and what to add."""
    asked = failure.violations[0] if failure.violations else None
    if asked is not None and asked.rule == spanish.TOO_MANY_VEHICLES:
        return "Demasiados vehículos pueden coincidir: agregue más caracteres de la placa."
    count = failure.metadata.get("may_fit", "")
    many = f" ({int(count):,} o más)" if count.isdecimal() else ""
    what = spanish.NARROWING.get(asked.field if asked else "", "más datos")
    return f"Demasiadas personas pueden coincidir{many}: agregue {what}."


def _plates(candidate: check_service_pb2.Candidate) -> str:
    """The plate borne now; the one that was found, where it is another; and that it must have been misread."""
    found = candidate.matched_plate
    text = f"{candidate.plate} (antes {found})" if found and found != candidate.plate else candidate.plate
    misread = candidate.misread_characters
    return f"{text} · {misread} mal leído{'s' if misread > 1 else ''}" if misread else text


def registers_table(response: register_service_pb2.ListRegistersResponse) -> Table:
    """Every register with its state, as-of and rows."""
    table = Table(title=f"Generación {response.generation_id}", title_justify="left")
    for heading in ("registro", "institución", "estado", "datos al", "filas", "rechazadas", "nota"):
        table.add_column(heading)
    for register in response.registers:
        status = register.status
        fresh = status.state == register_pb2.REGISTER_STATE_FRESH
        word = spanish.REGISTER_STATES.get(status.state, "estado desconocido")
        table.add_row(
            status.register_id,
            register.owner,
            Text(word, style="green" if fresh else "bold yellow"),
            time_text(status.as_of),
            f"{register.rows_read:,}",
            f"{status.rows_refused:,}",
            register.carried_reason,
        )
    return table
