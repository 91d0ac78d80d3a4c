"""A caller's view of subjects at one moment (docs/answers.md sections 9 and 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ronda.v1 import alert_pb2, context_pb2, level_pb2, person_pb2, section_pb2
from tests.core import naive_calendar
from tests.oracle import agreement
from tests.oracle.record import PERSON, Link, Record, Subject
from tests.oracle.registers import Masks, Register

if TYPE_CHECKING:
    from tests.oracle.asked import Identifier
    from tests.oracle.oracle import Oracle

IDENTITY = section_pb2.SECTION_IDENTITY
OPEN = section_pb2.SENSITIVITY_OPEN
NOT_TO_ACT = (context_pb2.PURPOSE_CLEARANCE, context_pb2.PURPOSE_AUDIT, context_pb2.PURPOSE_STATISTICS)
PERSON_ALERT_SECTIONS = (5, 6, 7, 8, 9, 10, 11, 23, 24)
T = TypeVar("T")


class View:
    """The oracle through a caller's masks at a clock."""

    def __init__(self, oracle: Oracle, masks: Masks, clock_ms: int, purpose: int = 0) -> None:
        self.oracle = oracle
        self.masks = masks
        self.clock_ms = clock_ms
        self.purpose = purpose
        self.to_act = purpose not in NOT_TO_ACT
        self.today = (clock_ms // 1000 - 21600) // 86400
        self.this_year = naive_calendar.date_of(self.today)[0]
        self.presented: list[Identifier] = []  # documents with a country and licences that the question gives
        self._kept: dict[tuple[str, Subject], object] = {}

    def shows(self, section: int, sensitivity: int) -> bool:
        return bool(self.masks[sensitivity or OPEN] >> section & 1)

    def sees(self, link: Link) -> bool:
        return self.shows(link.section, link.sensitivity)

    def register(self, link: Link) -> Register:
        return self.oracle.registers[link.record.register]

    def _keep(self, name: str, subject: Subject, make: Callable[[], T]) -> T:
        if (name, subject) not in self._kept:
            self._kept[name, subject] = make()
        return self._kept[name, subject]  # type: ignore[return-value]

    def links(self, subject: Subject) -> list[Link]:
        """Visible links in register order."""
        return self._keep(
            "links",
            subject,
            lambda: sorted((link for link in subject.links if self.sees(link)), key=lambda li: li.record.order),
        )

    def exists(self, subject: Subject) -> bool:
        return bool(self.links(subject))

    # claims

    def is_identity_claim(self, link: Link) -> bool:
        return link.section == IDENTITY and "identity" in self.register(link).roles["person"]

    def identity_claims(self, subject: Subject) -> list[Record]:
        return self._keep(
            "identity",
            subject,
            lambda: [link.record for link in self.links(subject) if self.is_identity_claim(link)],
        )

    def claims(self, subject: Subject) -> list[Record]:
        """Every visible record with a name, and identity claims."""
        if subject.about != PERSON:
            return []
        return self._keep(
            "claims",
            subject,
            lambda: [
                link.record for link in self.links(subject) if link.record.name_key or self.is_identity_claim(link)
            ],
        )

    def comparable(self, subject: Subject) -> list[Record]:
        """Identity claims, or all claims of a subject without any."""
        return self.identity_claims(subject) or self.claims(subject)

    def is_dead(self, subject: Subject) -> bool:
        return any(c.dead for c in self.identity_claims(subject))

    def birth(self, subject: Subject) -> tuple[int, int, int]:
        return next((c.birth for c in self.comparable(subject) if c.birth[0]), (0, 0, 0))

    def age(self, subject: Subject) -> int | None:
        birth = self.birth(subject)
        if not all(birth) or self.is_dead(subject):
            return None
        return naive_calendar.age_on(birth, self.today)

    def claims_contradict(self, subject: Subject) -> bool:
        claims = self.identity_claims(subject)
        return any(
            agreement.names(a.name_text, [b]) == agreement.DISAGREES
            and agreement.birth_dates(a.birth, [b]) != agreement.AGREES
            for i, a in enumerate(claims)
            for b in claims[i + 1 :]
        )

    def identified(self, subject: Subject, kind: str, holds: Callable[[Record], bool]) -> bool:
        """Returns whether a register that identifies the kind states this very identifier of the subject."""
        return any(
            kind in self.register(link).identifies and holds(link.record)
            for link in self.links(subject)
            if link.section != section_pb2.SECTION_OWNER or subject.about != PERSON
        )

    def identifiers_loaded(self, kind: str) -> bool:
        """Returns whether a register that identifies the kind is loaded and unmasked."""
        from ronda.v1.register_pb2 import REGISTER_STATE_FRESH, REGISTER_STATE_STALE

        return any(
            kind in r.identifies and r.state(self.masks, self.clock_ms) in (REGISTER_STATE_FRESH, REGISTER_STATE_STALE)
            for r in self.oracle.registers
        )

    def status_as_person(self, subject: Subject, conflict: bool = False) -> int:
        """MISUSED, DECEASED, CONFLICT or FOUND."""
        if self.is_misused(subject):
            return level_pb2.IDENTITY_STATUS_MISUSED
        if self.is_dead(subject):
            return level_pb2.IDENTITY_STATUS_DECEASED
        if conflict or self.claims_contradict(subject):
            return level_pb2.IDENTITY_STATUS_CONFLICT
        return level_pb2.IDENTITY_STATUS_FOUND

    def status_by_name(self, subject: Subject) -> int:
        """Status of a subject that was not asked by an identifier of its own."""
        if subject.about != PERSON:
            known = any(
                link.section == section_pb2.SECTION_VEHICLE_REGISTRATION
                and "identity" in self.register(link).roles["vehicle"]
                for link in self.links(subject)
            )
            return level_pb2.IDENTITY_STATUS_FOUND if known else level_pb2.IDENTITY_STATUS_NOT_FOUND
        status: int = level_pb2.IDENTITY_STATUS_NOT_FOUND
        if self.identity_claims(subject):
            status = self.status_as_person(subject)
        plain = (level_pb2.IDENTITY_STATUS_FOUND, level_pb2.IDENTITY_STATUS_NOT_FOUND)
        return level_pb2.IDENTITY_STATUS_UNVERIFIED if self.identity_lost and status in plain else status

    @property
    def identity_lost(self) -> bool:
        """Returns whether registers identify persons by CUI, and none of them is loaded and unmasked."""
        return any("cui" in r.identifies for r in self.oracle.registers) and not self.identifiers_loaded("cui")

    def is_misused(self, subject: Subject) -> bool:
        from tests.oracle.alerts import stored_alerts

        return any(
            a.kind == alert_pb2.ALERT_KIND_DOCUMENT and a.in_force(self.today) and a.misuse
            for a in stored_alerts(self, subject)
        )

    def needed_fresh(self, kind: str) -> bool:
        """Returns whether every register with role alert or identity for this kind is FRESH."""
        return all(
            r.fresh(self.masks, self.clock_ms) for r in self.oracle.registers if r.has_role(kind, "alert", "identity")
        )

    # what is counted when linking, shown to whoever sees all that it rests on

    def homonyms(self, subject: Subject) -> int | None:
        return subject.homonyms if self.shows(IDENTITY, OPEN) else None

    def name_only_alerts(self, subject: Subject) -> int | None:
        seen = self.shows(IDENTITY, OPEN) and all(self.shows(s, OPEN) for s in PERSON_ALERT_SECTIONS)
        return subject.name_only_alerts if seen and not self.child_withheld(subject) else None

    def one_bearer(self, subject: Subject) -> bool:
        """Returns whether an alert counted by name alone names nobody else on file."""
        return self.name_only_alerts(subject) is not None and subject.one_bearer

    def may_be_meant(self, subject: Subject) -> str:
        """Returns the note for somebody that an alert without a link may mean; empty = none does."""
        if self.crowded(subject):
            return "CROWDED"
        return "ONLY_BEARER" if self.one_bearer(subject) else ""

    # adolescents' orders

    def is_of_age(self, subject: Subject) -> bool:
        """18 today by the subject's birth date, shown or not; of unknown parts the earliest day."""
        year, month, day = subject.birth
        age = naive_calendar.age_on((year, month or 1, day or 1), self.today) if year else None
        return age is not None and age >= 18

    def adolescents_hidden(self, subject: Subject) -> bool:
        """Returns whether a question for this purpose shows no adolescent's order of the person, there or not."""
        if subject.about != PERSON or subject.kind == person_pb2.SUBJECT_KIND_ORGANISATION or self.is_of_age(subject):
            return False
        minor = section_pb2.SENSITIVITY_MINOR
        sections = (section_pb2.SECTION_WARRANT, section_pb2.SECTION_PRISON)
        return not all(self.shows(s, minor) or (self.to_act and self.shows(s, OPEN)) for s in sections)

    def child_withheld(self, subject: Subject) -> bool:
        """Returns whether one is a child for certain: then nothing that accuses is shown, by name or otherwise."""
        return bool(subject.birth[0]) and not self.to_act and self.adolescents_hidden(subject)

    def crowded(self, subject: Subject) -> bool:
        """Returns whether an alert may mean this person, or others, more than fifty: never CLEAR."""
        return self.name_only_alerts(subject) is not None and subject.crowded
