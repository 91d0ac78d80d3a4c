"""Addresses hidden by protected sides, linked or not (docs/answers.md section 5, "Only hidden")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.v1 import level_pb2
from tests.core.identifiers.naive_identifiers import cui_rule
from tests.oracle import agreement, weighed
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.record import Link, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.linking import Linking
    from tests.oracle.name_linking import OnFile, PersonsOnFile

POSSIBLE = level_pb2.LEVEL_POSSIBLE
BEARERS_AT_MOST = 1000
LAST_FILLER_YEAR = 1900


def hide(linking: Linking, file: PersonsOnFile, records: list[tuple[Record, Link | None]]) -> None:
    """Returns subjects with an address that protected sides hide, linked or not: by a name, by a CUI one slip away.

    Each record with its link by an identifier, if it has one.
    """
    by_cui = {person.subject.key: person for person in file.persons if person.subject.has_cui}
    for record, link in records:
        alert = record.alert
        if alert is None or not alert.hides:
            continue
        claims = linking.claims_on_file(link.subject) if link else []
        unborne = link is None or not claims or link.level == POSSIBLE
        hidden: set[OnFile] = set()
        if record.name_key and (unborne or _doubted(record, claims)):
            agreeing, fitting = file.bearing(record), {fit.person for fit in file.fits(record) if fit.scored}
            holding = agreeing | file.holding_all(record)
            hidden |= fitting
            for bearers in (agreeing, holding):
                hidden |= bearers if len(bearers) <= BEARERS_AT_MOST else set()
        if link is not None and record.cui and unborne:
            hidden |= {by_cui[key] for slip in slips(record.cui) if (key := f"cui:{slip}") in by_cui}
            hidden |= {person for key, person in by_cui.items() if _is_nearly(record.cui, key.removeprefix("cui:"))}
        number = weighed.Doubt(record, None, [], False, {}, {})
        if not record.cui and unborne:
            hidden |= {person for person in file.persons if number.is_near_another(person.subject)}
            hidden |= {p for p in file.persons if p.subject.has_cui and number.tells_miscounted(p.subject)}
        hidden |= _of_another_number(file, link.subject, claims) if link is not None else set()
        for person in hidden:
            person.subject.hidden_by.append(alert)


def _of_another_number(file: PersonsOnFile, subject: Subject, claims: list[Record]) -> set[OnFile]:
    """Returns bearers of the subject's whole name on file, unless both have a CUI.

    Nothing else distinguishes two persons, and not even that where they are of one birth date.
    """
    keys = {claim.name_key for claim in claims if claim.name_key}
    days = {(claim.name_key, claim.birth) for claim in claims if claim.birth[0] > LAST_FILLER_YEAR and claim.birth[2]}
    found = {
        person
        for person in file.persons
        if person.subject is not subject
        and (
            not (person.subject.has_cui and subject.has_cui)
            or days & {(claim.name_key, claim.birth) for claim in person.claims}
        )
        and keys & {claim.name_key for claim in person.claims}
    }
    return found if len(found) <= BEARERS_AT_MOST else set()


def _doubted(record: Record, claims: list[Record]) -> bool:
    names = agreement.names(record.name_text, claims)
    return names != AGREES or agreement.birth_dates(record.birth, claims) == DISAGREES


def _is_nearly(stated: str, borne: str) -> bool:
    """Returns numbers near a valid one on file: another place part, or the digit that a put zero stands for."""
    if cui_rule(borne) or stated == borne:
        return False
    lost = stated[0] == "0" and stated[1:] in {borne[:place] + borne[place + 1 :] for place in range(13)}
    return stated[:9] == borne[:9] or lost


def slips(cui: str) -> set[str]:
    changed = {cui[:i] + digit + cui[i + 1 :] for i in range(13) for digit in "0123456789"}
    exchanged = {cui[:i] + cui[i + 1] + cui[i] + cui[i + 2 :] for i in range(12)}
    return (changed | exchanged) - {cui}
