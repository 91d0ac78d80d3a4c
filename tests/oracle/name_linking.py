"""Records joined by name, or subjects of their own (docs/answers.md section 5)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from core.match import compare_texts
from ronda.v1 import alert_pb2, level_pb2, section_pb2
from tests.oracle import agreement
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.record import PERSON, Link, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
AT_MOST = 50


def link(linking: Linking, records: list[Record]) -> None:
    persons = [s for s in linking.by_key.values() if s.has_cui]
    claimed = [(s, [c.name_text for c in linking.identity_claims(s) if c.name_text]) for s in persons]
    for subject in persons:
        subject.name_only_alerts = 0
        subject.homonyms = 0
    for record in records:
        joined = _by_name(linking, record, claimed) if _is_linked_by_name(record) else False
        if not joined:
            own = linking.subject(f"record:{record.register_id}:{record.record_id}", PERSON)
            linking.join(record, own, 0, HIT)
    _homonyms(linking, persons)


def link_unborne(linking: Linking, links: list[Link]) -> None:
    """Joins, POSSIBLE, to others by name what an identifier linked to nobody whom it fits."""
    persons = [s for s in linking.by_key.values() if s.has_cui]
    claimed = [(s, [c.name_text for c in linking.identity_claims(s) if c.name_text]) for s in persons]
    for link in links:
        record = link.record
        borne_out = link.level == HIT and linking.identity_claims(link.subject)
        if borne_out or not _is_linked_by_name(record):
            continue
        fits = _fits(linking, record, [(s, texts) for s, texts in claimed if s is not link.subject])
        candidates = [s for s in fits if not _is_dead(linking, s)] or fits
        supported = [s for s in candidates if _supported(linking, record, s)]
        for subject in supported if len(supported) <= AT_MOST else []:
            _join(linking, record, subject, POSSIBLE)
            if record.cui:
                subject.links[-1].disagrees.insert(0, level_pb2.CRITERION_CUI)


def _is_linked_by_name(record: Record) -> bool:
    """Alerts, protected sides, and what counts for a clearance standard."""
    return bool(record.name_key) and (record.alert is not None or bool(record.standards))


def _is_dead(linking: Linking, subject: Subject) -> bool:
    return any(c.dead for c in linking.identity_claims(subject))


def _by_name(linking: Linking, record: Record, claimed: list[tuple[Subject, list[str]]]) -> bool:
    """Joins the record to whom it fits; whether that was a HIT link (it then is no subject of its own)."""
    fits = _fits(linking, record, claimed)
    living = [s for s in fits if not _is_dead(linking, s)]
    candidates = living or fits
    supported = [s for s in candidates if _supported(linking, record, s)]
    linked: list[Subject] = []
    level = POSSIBLE
    if supported:
        if len(supported) == 1 and living:
            level = HIT
        if len(supported) <= AT_MOST:
            linked = supported
    else:
        around = [s for s in candidates if _around(linking, record, s)]
        if len(around) <= AT_MOST:
            linked = around
    for subject in linked:
        _join(linking, record, subject, level)
    alert = record.alert
    if (
        alert is not None
        and alert.kind
        and alert.state == alert_pb2.ALERT_STATE_PENDING
        and record.sensitivity == section_pb2.SENSITIVITY_OPEN
    ):
        for subject in living:
            if subject not in linked:
                assert subject.name_only_alerts is not None
                subject.name_only_alerts += 1
    return level == HIT


def _fits(linking: Linking, record: Record, claimed: list[tuple[Subject, list[str]]]) -> list[Subject]:
    fits = []
    for subject, texts in claimed:
        if not any(compare_texts(record.name_text, text) == AGREES for text in texts):
            continue
        claims = linking.identity_claims(subject)
        if agreement.birth_dates(record.birth, claims) == DISAGREES or agreement.sexes(record.sex, claims) == DISAGREES:
            continue
        fits.append(subject)
    return fits


def _supported(linking: Linking, record: Record, subject: Subject) -> bool:
    claims = linking.identity_claims(subject)
    parents = agreement.parents(record.father, record.mother, claims)
    return parents != DISAGREES and AGREES in (parents, agreement.birth_dates(record.birth, claims))


def _around(linking: Linking, record: Record, subject: Subject) -> bool:
    """Age band or department agree."""
    claims = linking.identity_claims(subject)
    year = record.birth[0] or record.about_year
    if year and any(c.birth[0] and abs(c.birth[0] - year) <= 5 for c in claims):
        return True
    return _same_department(record, claims)


def _same_department(record: Record, claims: list[Record]) -> bool:
    filed = {d for c in claims for d in (c.birth_department, c.residence_department) if d}
    return bool(filed & {record.birth_department, record.residence_department})


def _join(linking: Linking, record: Record, subject: Subject, level: int) -> None:
    from tests.oracle.linking import compared

    joined = linking.join(record, subject, level_pb2.CRITERION_NAMES, level)
    claims = linking.identity_claims(subject)
    outcomes = compared(record, claims)
    del outcomes[level_pb2.CRITERION_NAMES]
    if _same_department(record, claims):
        outcomes[level_pb2.CRITERION_DEPARTMENT] = AGREES
    joined.agrees += [c for c, outcome in outcomes.items() if outcome == AGREES]
    joined.disagrees += [c for c, outcome in outcomes.items() if outcome == DISAGREES]


def _homonyms(linking: Linking, persons: list[Subject]) -> None:
    """Other living persons with a CUI whose first identity claim has the same name key."""
    first = {s: claims[0].name_key for s in persons if (claims := linking.identity_claims(s))}
    living: dict[str, list[Subject]] = defaultdict(list)
    for subject, key in first.items():
        if key and not _is_dead(linking, subject):
            living[key].append(subject)
    for subject in persons:
        others = living.get(first.get(subject, ""), [])
        subject.homonyms = len(others) - (subject in others)
