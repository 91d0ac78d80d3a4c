"""A person: who it is, by each register's claim, then what is on file by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from clients.officer_view.hits import closed_line
from clients.officer_view.styles import WARNING
from clients.spanish import words as spanish
from ronda.v1 import section_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ronda.v1 import person_pb2


def person_lines(person: person_pb2.Person) -> Group:
    """Identity claims, age, addresses, namesakes, alerts without effect, totals."""
    parts: list[RenderableType] = [_claim_line(claim) for claim in person.identity_claims[:5]]
    if not person.identity_claims and person.name:
        said = f"  nombre según [{person.name_register_id}]: no consta en el registro de identidad"
        parts.append(Text.assemble((person.name, "bold"), said))
    if person.HasField("age"):
        parts.append(Text(f"Edad: {person.age} años"))
    parts += [
        Text(f"Dirección: {where} [{address.record.register_id}]")
        for address in person.addresses[:2]
        if (where := address_text(address))
    ]
    if person.HasField("homonyms") and person.homonyms:
        parts.append(Text(f"Homónimos vivos: {person.homonyms}", style=WARNING))
    if person.HasField("name_only_alerts") and person.name_only_alerts:
        parts.append(
            Text(f"Alertas solo por nombre, sin color por ser nombre común: {person.name_only_alerts}", style=WARNING)
        )
    parts += [closed_line(hit) for hit in person.closed_alerts]
    parts.append(totals_line(person.totals))
    return Group(*parts)


def _claim_line(claim: person_pb2.IdentityClaim) -> Text:
    facts = [f"CUI {spanish.cui_text(claim.cui)}" if claim.cui else "", f"NIT {claim.nit}" if claim.nit else ""]
    if claim.document.number:
        facts.append(f"documento {claim.document.country} {claim.document.number}")
    if birth := spanish.date_text(claim.birth_date):
        facts.append(f"nac. {birth}")
    facts += [spanish.SEXES.get(claim.sex, ""), claim.civil_status, claim.profession]
    if death := spanish.date_text(claim.death_date):
        facts.append(f"falleció {death}")
    said = f"  {' · '.join(fact for fact in facts if fact)}  [{claim.record.register_id}]"
    return Text.assemble((spanish.name_text(claim.name), "bold"), said)


def address_text(address: person_pb2.Address) -> str:
    """Street and zone; a zone that is a number alone says that it is one."""
    zone = f"zona {address.zone}" if address.zone.isdecimal() else address.zone
    return ", ".join(part for part in (address.street, zone) if part)


def totals_line(totals: Iterable[person_pb2.SectionTotal]) -> Text:
    """Records on file, by section: one warrant in three registers is three."""
    shown = [total for total in totals if total.section != section_pb2.SECTION_IDENTITY]
    said = [f"{spanish.SECTIONS.get(each.section, '?')} {each.total}" for each in shown]
    several = " (un mismo hecho puede tener varios)" if any(each.total > 1 for each in shown) else ""
    return Text(f"Asientos en archivo: {', '.join(said)}{several}" if said else "Sin otros registros.")
