"""A row's content, before and after linking: records, links and subjects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import xxhash

from ronda.v1 import alert_pb2
from tests.core.standardise import naive_dates

Birth = tuple[int, int, int]
PERSON, VEHICLE, PLATE = "person", "vehicle", "plate"


def holds_surely(first: int | None, last: int | None, spans: tuple[int, int], day: int) -> bool:
    """Returns whether a day lies between the latest possible first and the earliest possible last day."""
    if naive_dates.ANY_DAY in spans:
        return False
    return (first is None or first + spans[0] <= day) and (last is None or last - spans[1] >= day)


@dataclass(eq=False)
class AlertRow:
    """The alert part of a record. `kind` 0 = the protected side of an order."""

    kind: int
    state: int
    state_date: Birth = (0, 0, 0)
    valid_from: int | None = None
    valid_to: int | None = None
    spans: tuple[int, int] = (0, 0)  # days by which valid_from, valid_to may be otherwise
    issued: int | None = None
    state_days: tuple[int, int] | None = None  # that the day of the state may be; None = not stated
    issued_days: tuple[int, int] | None = None  # that the day of issue, else the record's, may be
    merge_key: str | None = None
    misuse: bool = False
    hides_yet: bool = False  # the protected side of an order whose closing is to come, or cannot be true
    unread: bool = False  # the row shows a number of a person that could not be read
    hit: alert_pb2.Hit = field(default_factory=alert_pb2.Hit)  # cautions, offence, issued, dates, authority

    @property
    def hides(self) -> bool:
        """Returns whether it hides where a protected person can be found, on some day."""
        return not self.kind and (self.state == alert_pb2.ALERT_STATE_PENDING or self.hides_yet)

    def may_stand_yet(self, closed: Birth | None) -> bool:
        """Returns whether a closed one may stand for a while; its last day is then the one before the closing.

        closed: None = not readable.
        """
        later, before = naive_dates.may_close_later(closed, self.issued)
        if before is not None:
            self.valid_to = before if self.valid_to is None else min(before, self.valid_to)
        return later


@dataclass(eq=False)
class Record:
    """One standard record. Days since 1970; None or "" = unknown."""

    register: int
    register_id: str
    section: int
    record_id: str
    version: int
    row: int
    about: str  # PERSON, VEHICLE or PLATE
    message: Any  # the section's message, reference included
    source: str = ""  # of the manifest
    line_of_row: str = ""  # by the source's `line`; "" where it names none
    sensitivity: int = 1
    sort_day: int | None = None
    dated_days: tuple[int, int] | None = None  # that its day may be; of an alert that of issue, where stated
    standards: frozenset[str] = frozenset()
    certificate_visible: bool = True
    certificate_untold: bool = False
    # a person, or the owner in section OWNER
    cui: str = ""
    cui_valid: bool = True
    document: tuple[str, str] = ("", "")  # country, number
    nit: str = ""
    licence: str = ""
    cedula: str = ""
    loose_number: str = ""  # where there is no CUI: what its cell shows instead
    telephone: str = ""
    organisation: bool = False
    name: str = ""
    name_key: str = ""
    name_text: str = ""  # stored name, with its parts told apart
    birth: Birth = (0, 0, 0)
    turned: bool = False  # a birth date in the other order than its source's
    doubtful: bool = False  # a birth date that can hardly be the subject's
    own_date: bool = False  # the date is that of whose the number is, and the name is not: set where it is linked
    about_year: int = 0
    sex: int = 0
    birth_department: int = 0
    residence_department: int = 0
    father: str = ""
    mother: str = ""
    dead: bool = False
    # a vehicle or plate
    plate_type: str = ""
    plate: str = ""
    plate_country: str = ""
    vin: str = ""
    chassis: str = ""
    engine: str = ""
    make: str = ""
    line: str = ""
    colour: str = ""
    model_year: int = 0
    valid_from: int | None = None
    valid_to: int | None = None
    spans: tuple[int, int] = (0, 0)  # days by which they may be otherwise
    share: int = 0
    only_shown: str = ""  # the field whose text alone, though no identifier, shows the subject of a damaged record
    shown_cuis: tuple[str, ...] = ()  # of a cell that is no CUI
    named_cuis: tuple[str, ...] = ()  # within the name's cell, of a record that states none otherwise
    shown_plates: tuple[tuple[str, str], ...] = ()  # type, number; of a cell that is no plate
    alert: AlertRow | None = None

    @property
    def order(self) -> tuple[int, str, int, str, int, int]:
        """Register order of configuration, record id, source by its number, line, version, row."""
        source = 1 + xxhash.xxh3_64_intdigest(self.source.encode()) % 32767
        return (self.register, self.record_id, source, self.line_of_row, self.version, self.row)

    @property
    def plate_text(self) -> str:
        """ "P-123BCD"; "?-123BCD" when the type is unknown; "" without a plate."""
        return f"{self.plate_type or '?'}-{self.plate}" if self.plate else ""

    @property
    def days(self) -> tuple[int, int]:
        """The days that it may be of; any, where none is stated."""
        if self.sort_day is not None:
            return self.sort_day, self.sort_day
        return self.dated_days or (-naive_dates.ANY_TIME, naive_dates.ANY_TIME)


@dataclass(eq=False)
class Link:
    """A record on a subject."""

    record: Record
    subject: Subject
    criterion: int  # 0 = the record's own subject
    level: int  # LEVEL_HIT or LEVEL_POSSIBLE
    agrees: list[int] = field(default_factory=list)
    disagrees: list[int] = field(default_factory=list)
    sensitivity: int = 0
    in_name: bool = False  # by a CUI in the name's cell
    owner: Subject | None = None  # section OWNER
    owner_level: int = 0

    @property
    def section(self) -> int:
        return self.record.section


@dataclass(eq=False)
class Subject:
    """A person, organisation, unidentified person, vehicle or plate."""

    key: str  # canonical text that the subject id is made from
    kind: int  # SubjectKind; 0 for vehicles and plates
    about: str
    subject_id: str = ""
    links: list[Link] = field(default_factory=list)
    hidden_by: list[AlertRow] = field(default_factory=list)  # orders that hide her address and are no link
    homonyms: int | None = None
    name_only_alerts: int | None = None
    one_bearer: bool = False  # one of these names nobody else on file
    crowded: bool = False  # one of these reaches the alert score, as it does for more than fifty
    birth: Birth = (0, 0, 0)
    place: int = 0  # subject order

    @property
    def has_cui(self) -> bool:
        return self.key.startswith("cui:")
