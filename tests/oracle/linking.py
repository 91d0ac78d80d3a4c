"""Records joined to subjects with dicts: identifiers, crosswalk, owners (docs/answers.md section 4)."""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable

from ronda.v1 import level_pb2, person_pb2, section_pb2
from tests.core import naive_calendar
from tests.core.standardise import naive_dates
from tests.oracle import agreement, name_linking, name_match, vehicle_linking
from tests.oracle.agreement import AGREES, DISAGREES, UNKNOWN
from tests.oracle.record import PERSON, PLATE, Link, Record, Subject
from tests.oracle.registers import Register
from tests.oracle.sources import GUATEMALA

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
MINOR_SECTIONS = (
    section_pb2.SECTION_DETENTION,
    section_pb2.SECTION_SENTENCE,
    section_pb2.SECTION_COMPLAINT,
    section_pb2.SECTION_POLICE_RECORD,
    section_pb2.SECTION_WARRANT,
    section_pb2.SECTION_PRISON,
    section_pb2.SECTION_OTHER_RECORD,
)


class Linking:
    """Subjects of all records. `subjects` in subject order."""

    def __init__(self, records: Iterable[Record], registers: list[Register], key: bytes) -> None:
        self.registers = registers
        self.records = list(records)
        self.by_key: dict[str, Subject] = {}
        self.crosswalk: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.unvouched: dict[tuple[str, str], set[str]] = defaultdict(set)  # no register that identifies by it has it
        self._build_crosswalk()
        persons = [r for r in self.records if r.about == PERSON]
        vehicles = [r for r in self.records if r.about != PERSON]
        nameless: list[Record] = []
        for record in persons:
            subject, criterion = self.person(record)
            if subject is None:
                nameless.append(record)
            else:
                self.join(record, subject, criterion, HIT)
        owners = [(r, *self.owner(r)) for r in vehicles if r.section == section_pb2.SECTION_OWNER]
        identified = [link for s in self.by_key.values() for link in s.links]
        for link in identified:
            self.weigh(link)
        named = [r for r in persons if not r.cui and (r.alert is not None or r.standards)]
        in_names = [(r, f"cui:{cui}") for r in named for cui in r.named_cuis if f"cui:{cui}" in self.by_key]
        name_linking.link(self, nameless, identified)
        for record, her in in_names:
            self._join_in_name(record, self.by_key[her])
        for link in identified:
            self._join_second_numbers(link)
        vehicle_linking.link(self, vehicles)
        owner_of = {record: (subject, criterion) for record, subject, criterion in owners}
        for subject in self.by_key.values():
            for link in subject.links:
                if link.record in owner_of:
                    self._own(link, *owner_of[link.record])
        self._finish(key)

    # finding subjects

    def _build_crosswalk(self) -> None:
        own: dict[tuple[str, str], set[str]] = defaultdict(set)
        for record in self.records:
            for kind, value in self.identifiers(record):
                if record.cui and self.register_identifies(record, kind):
                    self.crosswalk[kind, value].add(record.cui)
                    if record.section not in (section_pb2.SECTION_OWNER, section_pb2.SECTION_OWNED_VEHICLE):
                        own[kind, value].add(record.cui)
                elif record.cui and _states_plainly(record):
                    self.unvouched[kind, value].add(record.cui)
        borne = self.borne = {
            r.cui for r in self.records if r.section != section_pb2.SECTION_OWNER and self._states_cui(r)
        }
        for number, cuis in self.crosswalk.items():
            if len(cuis) > 1 and cuis & borne:
                cuis.intersection_update(borne)
            if cuis & own[number]:
                cuis.intersection_update(own[number])

    def _states_cui(self, record: Record) -> bool:
        return bool(record.cui) and self.register_identifies(record, "cui")

    def register_identifies(self, record: Record, kind: str) -> bool:
        if kind == "document":
            kind = "document" if record.document[0] == "GTM" else "foreign_document"
        return kind in self.registers[record.register].identifies

    @staticmethod
    def identifiers(record: Record) -> list[tuple[str, str]]:
        """Identifiers other than the CUI, in the order in which they decide."""
        country, number = record.document
        found = [("document", f"{country}:{number}" if country and number else "")]
        found += [("nit", record.nit), ("licence", record.licence), ("cedula", record.cedula)]
        return [(kind, value) for kind, value in found if value]

    def person(self, record: Record) -> tuple[Subject | None, int]:
        """Subject and criterion of a person's identifiers; (None, 0) without any."""
        if record.cui:
            return self.subject(f"cui:{record.cui}", PERSON), level_pb2.CRITERION_CUI
        found = self.identifiers(record)
        for kind, value in found:
            cuis = self.crosswalk.get((kind, value), set())
            if len(cuis) == 1:
                return self.subject(f"cui:{next(iter(cuis))}", PERSON), _criterion(kind)
        if found:
            kind, value = found[0]
            return self.subject(f"{kind}:{value}", PERSON), _criterion(kind)
        return None, 0

    def owner(self, record: Record) -> tuple[Subject | None, int]:
        subject, criterion = self.person(record)
        if subject is None and record.name:
            return self.subject(f"record:{record.register_id}:{record.record_id}", PERSON), 0
        if subject is not None and record.organisation and subject.key.startswith("nit:"):
            subject.kind = person_pb2.SUBJECT_KIND_ORGANISATION
        return subject, criterion

    def subject(self, key: str, about: str) -> Subject:
        if key not in self.by_key:
            kind = 0
            if about == PERSON:
                unidentified = key.startswith("record:")
                kind = person_pb2.SUBJECT_KIND_UNIDENTIFIED if unidentified else person_pb2.SUBJECT_KIND_PERSON
            self.by_key[key] = Subject(key, kind, about)
        return self.by_key[key]

    # joining

    def join(self, record: Record, subject: Subject, criterion: int, level: int) -> Link:
        link = Link(record, subject, criterion, level, sensitivity=record.sensitivity)
        if criterion:
            link.agrees.append(criterion)
        subject.links.append(link)
        if record.organisation and subject.key.startswith("nit:"):
            subject.kind = person_pb2.SUBJECT_KIND_ORGANISATION
        return link

    def _join_in_name(self, record: Record, subject: Subject) -> None:
        """Adds POSSIBLE for the person of a CUI in the name's cell, unless the record is linked there anyhow."""
        if all(link.record is not record for link in subject.links):
            link = self.join(record, subject, level_pb2.CRITERION_CUI, POSSIBLE)
            link.in_name = True
            self.weigh(link)
            link.level = POSSIBLE

    def _join_second_numbers(self, link: Link) -> None:
        """Joins second numbers: where one of the record's is somebody else's, neither is certain."""
        record = link.record
        if record.about != PERSON or not (record.alert is not None or record.standards):
            return
        for her, criterion in self._of_shared_numbers(link):
            link.level = POSSIBLE
            self._join_second(record, her, criterion)
        for kind, value in self.identifiers(record):
            cuis = self.crosswalk.get((kind, value), set())
            key = f"cui:{next(iter(cuis))}" if len(cuis) == 1 else f"{kind}:{value}"
            subject = self.by_key.get(key)
            if subject is None or subject is link.subject:
                continue
            if len(cuis) != 1 and (subject.kind != person_pb2.SUBJECT_KIND_PERSON or not self.claims_on_file(subject)):
                continue
            link.level = POSSIBLE
            self._join_second(record, subject, _criterion(kind))

    def _join_second(self, record: Record, subject: Subject, criterion: int) -> None:
        if all(other.record is not record for other in subject.links):
            second = self.join(record, subject, criterion, POSSIBLE)
            self.weigh(second)
            second.level = POSSIBLE

    def _of_shared_numbers(self, link: Link) -> list[tuple[Subject, int]]:
        """Returns, for a record with a number that makes nobody, its bearers that name and birth date fit best."""
        record = link.record
        found: dict[str, int] = {}
        if link.subject.has_cui:
            return self._of_unvouched_numbers(link)
        for kind, value in self.identifiers(record):
            cuis = self.crosswalk.get((kind, value), set())
            for cui in cuis if 2 <= len(cuis) <= name_linking.AT_MOST and cuis <= self.borne else ():
                found[f"cui:{cui}"] = min(_criterion(kind), found.get(f"cui:{cui}", 99))
            unsure = self.unvouched.get((kind, value), set()) & self.borne if not cuis else set()
            for cui in unsure if len(unsure) <= name_linking.AT_MOST else ():
                claims = self.claims_on_file(self.by_key[f"cui:{cui}"])
                if agreement.names(record.name_text, claims) != DISAGREES:
                    found[f"cui:{cui}"] = min(_criterion(kind), found.get(f"cui:{cui}", 99))
        told = {}
        for key in found:
            claims = self.claims_on_file(self.by_key[key])
            named = agreement.names(record.name_text, claims) == AGREES
            told[key] = named + (agreement.birth_dates(record.birth, claims) == AGREES)
        return [(self.by_key[k], found[k]) for k in found if told[k] == max(told.values())]

    def _of_unvouched_numbers(self, link: Link) -> list[tuple[Subject, int]]:
        """Others with a number of the record that no register vouches for, who fit it as well as its subject does."""
        record = link.record
        found: dict[str, int] = {}

        def fits(claims: list[Record]) -> int:
            named = agreement.names(record.name_text, claims) == AGREES
            return named + (agreement.birth_dates(record.birth, claims) == AGREES)

        for kind, value in self.identifiers(record):
            holders = self.unvouched.get((kind, value), set()) & self.borne
            if self.crosswalk.get((kind, value)) or len(holders) > name_linking.AT_MOST:
                continue
            for key in {f"cui:{cui}" for cui in holders} - {link.subject.key}:
                claims = self.claims_on_file(self.by_key[key])
                if agreement.names(record.name_text, claims) == DISAGREES:
                    continue
                if fits(claims) >= fits(self.claims_on_file(link.subject)):
                    found[key] = min(_criterion(kind), found.get(key, 99))
        return [(self.by_key[key], criterion) for key, criterion in found.items()]

    def identity_claims(self, subject: Subject) -> list[Record]:
        """Identity claims in order."""
        found = [
            link.record
            for link in subject.links
            if link.section == section_pb2.SECTION_IDENTITY
            and "identity" in self.registers[link.record.register].roles["person"]
        ]
        return sorted(found, key=lambda r: r.order)

    def claims_on_file(self, subject: Subject) -> list[Record]:
        """Identity claims in order; without any, what registers that identify the subject's identifiers say by name."""
        found = self.identity_claims(subject)
        if not found:
            stated = {link.record for link in subject.links if self._may_claim(link.record, link.criterion)}
            found = sorted(stated, key=lambda r: r.order)
        return found

    def _may_claim(self, record: Record, criterion: int) -> bool:
        kinds = {_criterion(kind): kind for kind in ("cui", "document", "nit", "licence", "cedula")}
        is_alert = record.alert is not None and record.alert.kind != 0
        return (
            criterion in kinds
            and bool(record.name_key)
            and not is_alert
            and not record.standards
            and self.register_identifies(record, kinds[criterion])
        )

    def weigh(self, link: Link) -> None:
        """Level and criteria of a link by an identifier."""
        record = link.record
        claims = self.claims_on_file(link.subject)
        if record.section == section_pb2.SECTION_IDENTITY or record in claims:
            claims = [c for c in claims if c.register != record.register]
        level, agrees, disagrees = level_by_identifier(record, link.criterion, claims)
        link.level = level
        link.agrees += agrees
        link.disagrees += disagrees

    def _own(self, link: Link, owner: Subject | None, criterion: int) -> None:
        link.owner = owner
        if owner is None:
            return
        claims = self.claims_on_file(owner)
        level = level_by_identifier(link.record, criterion, claims)[0] if criterion else HIT
        link.owner_level = min(level, link.level)

    # afterwards

    def _finish(self, key: bytes) -> None:
        for subject in self.by_key.values():
            digest = hashlib.blake2b(subject.key.encode(), key=key, digest_size=16)
            subject.subject_id = digest.hexdigest()
            subject.birth = self._birth(subject)
            for link in subject.links:
                opened = link.section in MINOR_SECTIONS and link.sensitivity == section_pb2.SENSITIVITY_OPEN
                if opened and under_18(subject.birth, self._latest_day(link.record)):
                    link.sensitivity = section_pb2.SENSITIVITY_MINOR
        self.subjects = sorted(
            self.by_key.values(),
            key=lambda s: (s.about != PERSON, s.birth if s.about == PERSON else (), s.subject_id),
        )
        for place, subject in enumerate(self.subjects):
            subject.place = place

    def _latest_day(self, record: Record) -> int | None:
        """The latest day that a record can be of: none is later than what its register speaks of."""
        day = record.sort_day
        if day is None and record.dated_days is not None:
            day = record.dated_days[1]
        register = self.registers[record.register]
        if not register.loaded:
            return day
        as_of = datetime.datetime.fromtimestamp(register.as_of_ms / 1000, GUATEMALA).date() - datetime.date(1970, 1, 1)
        return as_of.days if day is None else min(day, as_of.days)

    def _birth(self, subject: Subject) -> tuple[int, int, int]:
        by_number = [link for link in subject.links if link.criterion != level_pb2.CRITERION_NAMES]
        own = [link.record for link in by_number if not link.in_name]
        claims = self.identity_claims(subject) + sorted(own, key=lambda r: r.order)
        return next((c.birth for c in claims if c.birth[0]), (0, 0, 0))


def _states_plainly(record: Record) -> bool:
    """Returns whether it is a person's own record."""
    return record.about == PERSON and record.section != section_pb2.SECTION_OWNED_VEHICLE


def _criterion(kind: str) -> int:
    return int(level_pb2.Criterion.Value(f"CRITERION_{kind.upper()}"))


def level_by_identifier(record: Record, criterion: int, claims: list[Record]) -> tuple[int, list[int], list[int]]:
    """Level, and the criteria besides the identifying one that agree and disagree."""
    outcomes = compared(record, claims)
    agrees = [c for c, outcome in outcomes.items() if outcome == AGREES]
    disagrees = [c for c, outcome in outcomes.items() if outcome == DISAGREES]
    enough = 1 if criterion == level_pb2.CRITERION_CEDULA else 0
    return HIT if points(record, claims, outcomes) >= enough else POSSIBLE, agrees, disagrees


def points(record: Record, claims: list[Record], outcomes: dict[int, int]) -> int:
    """The table of docs/answers.md section 4."""
    named = [name_match.compare(record.name_text, c.name_text) for c in claims if c.name_text and record.name_text]
    birth, parents = _counted_birth(record, claims), outcomes[level_pb2.CRITERION_PARENTS]
    couples = [agreement.each_parent(record.father, record.mother, claim) for claim in claims]
    others = [2 if len(couple) == couple.count(DISAGREES) == 2 else DISAGREES in couple for couple in couples if couple]
    total = max((name_points(pairing) for pairing in named), default=0)
    differs = birth == DISAGREES
    total += -2 if differs else birth == AGREES
    parted = bool(named) and all({"EXTRA_GIVEN", "CONFLICT_GIVEN"} & pairing.flags for pairing in named)
    total -= (0, 1, 4)[min(others, default=0)]
    return total + (parents == AGREES and not parted and not differs)


def _counted_birth(record: Record, claims: list[Record]) -> int:
    """Returns what a doubtful birth date counts: 1 January and a turned one say the year alone, another nothing."""
    birth = agreement.birth_dates(record.birth, claims)
    if birth != DISAGREES or not record.doubtful:
        return birth
    alone = record.turned or naive_dates.is_january_first(record.birth)
    return agreement.birth_dates((record.birth[0], 0, 0), claims) if alone else UNKNOWN


def name_points(pairing: name_match.Pairing) -> int:
    """Returns the points of one claim's name."""
    if pairing.agreement == AGREES:
        return 1 if pairing.words <= 2 else 2
    total = -2 if "CONFLICT_GIVEN" in pairing.flags else -1 if "EXTRA_GIVEN" in pairing.flags else 0
    total -= 2 if "CONFLICT_SURNAME" in pairing.flags else "EXTRA_SURNAME" in pairing.flags
    return total or (-1 if pairing.agreement == DISAGREES else 0)


def compared(record: Record, claims: list[Record]) -> dict[int, int]:
    """Criterion -> agreement of a record with identity claims, in the order in which links list them."""
    return {
        level_pb2.CRITERION_NAMES: agreement.names(record.name_text, claims),
        level_pb2.CRITERION_PARENTS: agreement.parents(record.father, record.mother, claims),
        level_pb2.CRITERION_BIRTH_DATE: agreement.birth_dates(record.birth, claims),
        level_pb2.CRITERION_SEX: agreement.sexes(record.sex, claims),
    }


def under_18(birth: tuple[int, int, int], day: int | None) -> bool:
    """Returns whether the day is before the 18th birthday; unknown parts of the birth date count as the earliest.

    Nobody acts before birth: of such a day the birth date says nothing.
    """
    if not birth[0] or day is None or day < naive_calendar.day_of(birth[0], birth[1] or 1, birth[2] or 1):
        return False
    year, month, mday = birth[0] + 18, birth[1] or 1, birth[2] or 1
    if (month, mday) == (2, 29) and naive_calendar.date_problem(year, 2, 29):
        month, mday = 3, 1
    return day < naive_calendar.day_of(year, month, mday)


__all__ = ["PLATE", "Linking"]
