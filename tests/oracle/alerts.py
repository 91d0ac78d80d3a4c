"""Alerts of a subject and the hits that they give (docs/answers.md section 6)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="index,assignment,arg-type"

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ronda.v1 import alert_pb2, context_pb2, level_pb2, section_pb2
from tests.core import naive_calendar
from tests.oracle import texts
from tests.oracle.record import AlertRow, Link, Subject, holds_surely

if TYPE_CHECKING:
    from tests.oracle.view import View

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
PENDING = alert_pb2.ALERT_STATE_PENDING
SOURCES_AT_MOST = 20
OLD_DAYS = 7_305
LAST_FILLER_YEAR = 1900
NOWHERE = (0, 0)
CLOSED_WORDS = {
    alert_pb2.ALERT_STATE_EXECUTED: "ejecutada",
    alert_pb2.ALERT_STATE_CANCELLED: "cancelada",
    alert_pb2.ALERT_STATE_SUSPENDED: "suspendida",
    alert_pb2.ALERT_STATE_LAPSED: "caducada",
}
NEVER = -(2**41)  # before every day
ANY_DAY = 2**40  # after every day
FIRST_REAL_DAY = -25_202  # 1 January 1901
THINGS = (
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE,
    alert_pb2.ALERT_KIND_STOLEN_PLATE,
    alert_pb2.ALERT_KIND_STOLEN_ENGINE,
)


@dataclass(eq=False)
class Alert:
    """One alert: `links` are its records, the representative first where it is one of them."""

    subject: Subject
    links: list[Link]
    state: int
    authority: int | None  # ordinal of the register authoritative for the kind
    level: int
    known: Link  # the warrant's representative, shown or not
    withdrawn: bool = False  # the authority had closed it and is withdrawn since
    closed_elsewhere: Link | None = None  # another register's last closing of what the authority lists

    @property
    def first(self) -> Link:
        return self.links[0]

    @property
    def kind(self) -> int:
        assert self.first.record.alert is not None
        return self.first.record.alert.kind

    @property
    def valid_from(self) -> int | None:
        return self.known.record.alert.valid_from  # type: ignore[union-attr]

    @property
    def valid_to(self) -> int | None:
        return self.known.record.alert.valid_to  # type: ignore[union-attr]

    @property
    def misuse(self) -> bool:
        return self.first.record.alert.misuse  # type: ignore[union-attr]

    @property
    def criterion_1(self) -> bool:
        """Returns whether one of its strongest records belongs by criterion 1, typed plate or VIN."""
        strongest = max(link.level for link in self.links)
        return any(link.level == strongest and is_criterion_1(link) for link in self.links)

    def in_force(self, today: int) -> bool:
        return (
            (self.state == PENDING or self.closing_is_doubtful(today))
            and (self.valid_from is None or self.valid_from <= today)
            and (self.valid_to is None or self.valid_to >= today)
        )

    def closing_is_doubtful(self, today: int) -> bool:
        """Closed on a day that is still to come, or on a filler."""
        row = row_of(self.known)
        if self.state in (PENDING, alert_pb2.ALERT_STATE_UNSPECIFIED) or not row.state_date[0]:
            return False
        if row.state_date in ((1970, 1, 1), (1969, 12, 31)):
            return True
        if row.state_days is not None and row.issued is not None and row.state_days[1] < row.issued:
            return True
        return row.state_date[0] <= LAST_FILLER_YEAR or row.state_date > naive_calendar.date_of(today)

    @property
    def issued_day(self) -> int | None:
        """Last day that it may be issued on, else of its record, else from which it is valid; None = not stated."""
        row, known = row_of(self.first), row_of(self.known)
        last = row.issued_days[1] if row.issued_days else None
        if row.issued_days is None and known.valid_from is not None:
            last = known.valid_from + known.spans[0]
        return None if last is None or last >= ANY_DAY or naive_calendar.date_of(last)[0] <= LAST_FILLER_YEAR else last

    def surely_in_force(self, today: int) -> bool:
        spans = self.known.record.alert.spans  # type: ignore[union-attr]
        return holds_surely(self.valid_from, self.valid_to, spans, today)

    @property
    def listed_by_authority(self) -> bool:
        return self.known.record.register == self.authority


def is_criterion_1(link: Link) -> bool:
    return link.criterion in (
        level_pb2.CRITERION_CUI,
        level_pb2.CRITERION_DOCUMENT,
        level_pb2.CRITERION_NIT,
        level_pb2.CRITERION_LICENCE,
        level_pb2.CRITERION_VIN,
    ) or (link.criterion == level_pb2.CRITERION_PLATE and bool(link.record.plate_type))


def all_alerts(view: View, subject: Subject) -> list[Alert]:
    """Every alert in stored order, visible or not."""
    links = [k for k in subject.links if k.record.alert is not None and k.record.alert.kind]
    kept, doubted = _latest_rows(links)
    warrants: dict[tuple[object, ...], list[Link]] = defaultdict(list)
    for number, link in enumerate(sorted(kept, key=lambda li: li.record.order)):
        row = row_of(link)
        warrants[row.kind, row.merge_key or number, _is_discreet(link)].append(link)
    for (kind, *_), warrant in warrants.items():
        if kind in THINGS:
            warrant[:], unsure = _latest_of_a_thing(warrant)
            doubted |= unsure
    alerts = [alert for warrant in warrants.values() for alert in _alerts(view, subject, warrant, doubted)]
    return sorted(alerts, key=_stored_order)


def _latest_of_a_thing(warrant: list[Link]) -> tuple[list[Link], set[Link]]:
    """The records of one report that hold: a recovery has a number of its own. And those of which nobody knows."""
    superseded, doubted = set(), set()
    for report in warrant:
        for closing in warrant:
            one = closing.record.register == report.record.register
            if not one or row_of(report).state != PENDING or row_of(closing).state == PENDING:
                continue
            if _age(closing)[1] < FIRST_REAL_DAY:
                doubted.add(report)
            elif _age(closing)[0] > _age(report)[1]:
                superseded.add(report)
            elif _age(closing)[1] < _age(report)[0]:
                superseded.add(closing)
            else:
                doubted.add(report)
    return [link for link in warrant if link not in superseded], doubted


def row_of(link: Link) -> AlertRow:
    assert link.record.alert is not None
    return link.record.alert


def _is_discreet(link: Link) -> bool:
    return link.sensitivity == section_pb2.SENSITIVITY_DISCREET


def _latest_rows(links: list[Link]) -> tuple[list[Link], set[Link]]:
    """The rows that hold, one a record, and those of which nobody knows whether they do."""
    records: dict[tuple[object, ...], list[Link]] = defaultdict(list)
    for link in sorted(links, key=lambda li: li.record.order):
        record = link.record
        records[row_of(link).kind, _is_discreet(link), record.register, record.record_id].append(link)
    kept, doubted = [], set()
    for rows in records.values():
        held = [rows[0]]
        for row in rows[1:]:
            best = held[-1]
            one_source = row.record.source == best.record.source
            if one_source and (row.record.row == best.record.row or row.record.line_of_row != best.record.line_of_row):
                held.append(row)
                continue
            pending = row_of(row).state == PENDING
            if _is_later(row, best):
                held[-1] = row
            elif not _is_later(best, row) and row_of(row).state != row_of(best).state:
                if PENDING in (row_of(row).state, row_of(best).state):
                    doubted |= {row, best}
                if pending:
                    held[-1] = row
        kept += held
    return kept, doubted


def _is_later(row: Link, other: Link) -> bool:
    """Returns whether the row is the later one for certain."""
    if row.record.version != other.record.version:
        return row.record.version > other.record.version
    return _age(row)[0] > _age(other)[1]


def _age(link: Link) -> tuple[int, int]:
    """Days that the state may be of, or the issue where none is stated."""
    return row_of(link).state_days or row_of(link).issued_days or (NEVER, NEVER)


def _alerts(view: View, subject: Subject, warrant: list[Link], doubted: set[Link]) -> Iterator[Alert]:
    """One alert for each sensitivity; apart, what was issued again after the authority closed it."""
    kind = row_of(warrant[0]).kind
    authority = next((r.ordinal for r in view.oracle.registers if kind in r.authoritative_for), None)
    known = _representative(warrant, authority)
    if authority is not None and known.record.register == authority and not view.oracle.registers[authority].loaded:
        others = [link for link in warrant if link.record.register != authority]
        if any(row_of(link).state == PENDING for link in others):
            yield from _of_a_withdrawn_authority(subject, warrant, authority, others[0])
            return
    again: list[Link] = []
    closed = _closing_day(row_of(known))
    if known.record.register == authority and row_of(known).state != PENDING and closed is not None:
        again = [
            link
            for link in warrant
            if link.record.register != authority
            and row_of(link).state == PENDING
            and (issued := row_of(link).issued_days) is not None
            and issued[1] > closed
        ]
    for links in ([k for k in warrant if k not in again], again):
        if not links:
            continue
        known = _representative(links, authority)
        states = [row_of(link).state for link in links]
        listed = known.record.register == authority
        state = PENDING if not listed and PENDING in states else row_of(known).state
        for sensitivity in sorted({link.sensitivity for link in links}):
            own = [link for link in links if link.sensitivity == sensitivity]
            first = known if known in own else own[0]
            level = max(link.level for link in own)
            if links is again or any(link in doubted for link in own):
                level = min(level, POSSIBLE)
            rest = [link for link in own if link is not first]
            closed_elsewhere = _closed_elsewhere(links, authority) if listed and state == PENDING else None
            yield Alert(subject, [first, *rest], state, authority, level, known, False, closed_elsewhere)


def _closing_day(row: AlertRow) -> int | None:
    """The earliest day that the closing may be of; without one, the last that the order's issue may be of."""
    if row.state_days is not None:
        return row.state_days[0]
    return row.issued_days[1] if row.issued_days is not None else None


def _closed_elsewhere(links: list[Link], authority: int | None) -> Link | None:
    """Returns the last of other registers' closings with a known day."""
    closings = [
        link
        for link in links
        if link.record.register != authority
        and row_of(link).state not in (PENDING, alert_pb2.ALERT_STATE_UNSPECIFIED)
        and (days := row_of(link).state_days) is not None
        and days[0] == days[1] > 0
    ]
    return max(closings, key=lambda link: (row_of(link).state_days or NOWHERE)[0], default=None)


def _of_a_withdrawn_authority(subject: Subject, warrant: list[Link], authority: int, known: Link) -> Iterator[Alert]:
    for sensitivity in sorted({link.sensitivity for link in warrant}):
        own = [link for link in warrant if link.sensitivity == sensitivity]
        first = known if known in own else own[0]
        level = min(POSSIBLE, max(link.level for link in own))
        rest = [link for link in own if link is not first]
        yield Alert(subject, [first, *rest], PENDING, authority, level, known, withdrawn=True)


def _representative(links: list[Link], authority: int | None) -> Link:
    listed = [link for link in links if link.record.register == authority]
    pending = [link for link in listed if row_of(link).state == PENDING]
    return (pending or listed or links)[0]


def _stored_order(alert: Alert) -> tuple[object, ...]:
    issued = alert.issued_day
    return (alert.kind, issued is None, -(issued or 0), alert.first.record.order)


# Nobody is sought by a missing person, a missing child, a document.
CARING = (alert_pb2.ALERT_KIND_MISSING_PERSON, alert_pb2.ALERT_KIND_MISSING_CHILD, alert_pb2.ALERT_KIND_DOCUMENT)


def stored_alerts(view: View, subject: Subject) -> list[Alert]:
    """Visible alerts in stored order."""
    return view._keep(
        "alerts",
        subject,
        lambda: [
            a
            for a in all_alerts(view, subject)
            if (view.shows(a.first.section, a.first.sensitivity) or _shown_without_offence(view, a))
            and (a.kind in CARING or not view.child_withheld(subject))
        ],
    )


def _shown_without_offence(view: View, alert: Alert) -> bool:
    """Returns whether an act as a minor shows to callers who see such a section OPEN: of age, or in order to act."""
    return (
        is_of_a_minor(view, alert)
        and view.shows(alert.first.section, section_pb2.SENSITIVITY_OPEN)
        and (view.to_act or view.is_of_age(alert.subject))
    )


def is_of_a_minor(view: View, alert: Alert) -> bool:
    return (
        alert.kind in (alert_pb2.ALERT_KIND_WARRANT, alert_pb2.ALERT_KIND_ESCAPE)
        and alert.first.sensitivity == section_pb2.SENSITIVITY_MINOR
        and alert.in_force(view.today)
    )


def is_adolescents_order(view: View, alert: Alert) -> bool:
    """Returns whether the order is for an act as a minor, on somebody who is not of age."""
    return is_of_a_minor(view, alert) and not view.is_of_age(alert.subject)


def open_hits(view: View, subject: Subject, link: int, where: alert_pb2.HitSubject) -> list[alert_pb2.Hit]:
    """Hits of the alerts in force, in stored order. `link`: level of the way to the subject."""
    return [hit_of(view, a, link, where) for a in stored_alerts(view, subject) if a.in_force(view.today)]


def hit_of(
    view: View, alert: Alert, link: int, where: alert_pb2.HitSubject, *, certifying: bool = False
) -> alert_pb2.Hit:
    """certifying: whatever the purpose, as a certificate counts it."""
    hit = _message(view, alert, where)
    reported = _reported(view, alert)
    shown = alert.kind == alert_pb2.ALERT_KIND_DOCUMENT and not reported
    hit.level = HIT if shown else min(link, alert.level)
    if not view.shows(alert.first.section, alert.first.sensitivity):
        hit.ClearField("offence")
    if is_adolescents_order(view, alert):
        hit.action.code, hit.action.text = texts.ADOLESCENTS_ACTION
    if alert.kind == alert_pb2.ALERT_KIND_DAMAGED_RECORD or not alert.surely_in_force(view.today):
        hit.level = min(hit.level, POSSIBLE)
    if alert.withdrawn and alert.authority is not None:
        name = view.oracle.registers[alert.authority].name
        texts.note(hit.notes, "AUTHORITY_WITHDRAWN", f"{name} no disponible; la había dado por cerrada: confirme")
    if alert.authority is not None and not alert.listed_by_authority:
        authority = view.oracle.registers[alert.authority]
        if authority.fresh(view.masks, view.clock_ms):
            hit.level = min(hit.level, POSSIBLE)
            texts.note(hit.notes, "NOT_LISTED", f"no consta en {authority.name}: confirme")
    if closing := _closed_since(view, alert):
        hit.level = min(hit.level, POSSIBLE)
        texts.note(hit.notes, "CLOSED_ELSEWHERE", closing)
    notes = [reported] if reported else []
    if alert.closing_is_doubtful(view.today):
        notes.append("CLOSING_DOUBTED")
    if _is_old(view, alert):
        notes.append("OLD_ORDER")
    if by_purpose := "" if certifying else _for_purpose(view, alert):
        notes.append(by_purpose)
    for code in notes:
        hit.level = min(hit.level, POSSIBLE)
        texts.note(hit.notes, code, texts.HIT_NOTES[code])
    return hit


def _closed_since(view: View, alert: Alert) -> str:
    """Returns what another register says that the authority cannot have known at its as-of."""
    link = alert.closed_elsewhere
    if link is None:
        return ""
    day, _ = row_of(link).state_days or NOWHERE
    as_of_ms = view.oracle.registers[alert.known.record.register].as_of_ms
    if day <= (as_of_ms - 6 * 3_600_000) // 86_400_000:
        return ""
    name = view.oracle.registers[link.record.register].name
    year, month, mday = naive_calendar.date_of(day)
    return f"según {name} {CLOSED_WORDS[row_of(link).state]} el {mday:02d}/{month:02d}/{year}: confirme"


def _is_old(view: View, alert: Alert) -> bool:
    """An order issued more than twenty years ago."""
    orders = (
        alert_pb2.ALERT_KIND_WARRANT,
        alert_pb2.ALERT_KIND_TRAVEL_BAN,
        alert_pb2.ALERT_KIND_PROTECTION_ORDER,
        alert_pb2.ALERT_KIND_ESCAPE,
    )
    return alert.kind in orders and alert.issued_day is not None and view.today - alert.issued_day > OLD_DAYS


def _for_purpose(view: View, alert: Alert) -> str:
    """Returns what a kind means for a purpose for which it is no reason to detain."""
    inland = view.purpose not in (context_pb2.PURPOSE_UNSPECIFIED, context_pb2.PURPOSE_BORDER)
    if alert.kind == alert_pb2.ALERT_KIND_TRAVEL_BAN and inland:
        return "TRAVEL_BAN_INLAND"
    stop = view.purpose == context_pb2.PURPOSE_TRAFFIC_STOP
    return "RESTRAINED_WITH_WHOM" if alert.kind == alert_pb2.ALERT_KIND_PROTECTION_ORDER and stop else ""


def _reported(view: View, alert: Alert) -> str:
    """The note of a document alert, unless the question gives the one number that such reports state."""
    if alert.kind != alert_pb2.ALERT_KIND_DOCUMENT:
        return ""
    if alert.misuse:
        return "IDENTITY_MISUSED"
    alike = (alert.first.section, alert.first.sensitivity)
    reports = [k.record for k in alert.subject.links if (k.section, k.sensitivity) == alike]
    documents = {":".join(r.document) for r in reports if r.document[1]}
    licences = {r.licence for r in reports if r.licence}
    for asked in view.presented:
        if {asked.value} == (documents if asked.kind == "document" else licences):
            return ""
    return "DOCUMENT_REPORTED" if documents or licences else "DPI_REPORTED"


def closed_hits(view: View, subject: Subject, where: alert_pb2.HitSubject) -> list[alert_pb2.Hit]:
    closed = []
    for alert in stored_alerts(view, subject):
        if alert.in_force(view.today):
            continue
        hit = _message(view, alert, where)
        _closed_note(view, alert, hit)
        closed.append(hit)
    return closed


def _closed_note(view: View, alert: Alert, hit: alert_pb2.Hit) -> None:
    register = view.register(alert.known).name
    words = {
        alert_pb2.ALERT_STATE_CANCELLED: ("CLOSED_CANCELLED", "cancelada"),
        alert_pb2.ALERT_STATE_EXECUTED: ("CLOSED_EXECUTED", "ejecutada"),
        alert_pb2.ALERT_STATE_SUSPENDED: ("CLOSED_SUSPENDED", "suspendida"),
        alert_pb2.ALERT_STATE_LAPSED: ("CLOSED_LAPSED", "caducada"),
    }
    if alert.state == PENDING:
        if alert.valid_from is not None and alert.valid_from > view.today:
            texts.note(hit.notes, "CLOSED_NOT_YET", f"vigente desde {texts.day(alert.valid_from)}")
        else:
            assert alert.valid_to is not None
            texts.note(hit.notes, "CLOSED_EXPIRED", f"vencida el {texts.day(alert.valid_to)}")
    elif alert.state in words:
        code, word = words[alert.state]
        year, month, day = row_of(alert.known).state_date
        when = f" el {day:02}/{month:02}/{year:04}" if year and month and day else ""
        texts.note(hit.notes, code, f"{word} por {register}{when}")


def _message(view: View, alert: Alert, where: alert_pb2.HitSubject) -> alert_pb2.Hit:
    row = alert.first.record.alert
    assert row is not None
    hit = alert_pb2.Hit()
    hit.CopyFrom(row.hit)
    hit.kind = alert.kind
    reference(alert.first, hit.record)
    hit.agrees.extend(alert.first.agrees)
    hit.disagrees.extend(alert.first.disagrees)
    hit.state = alert.state
    for link in alert.links[:SOURCES_AT_MOST]:
        source = hit.sources.add()
        reference(link, source.record)
        source.state = link.record.alert.state  # type: ignore[union-attr]
        year, month, day = link.record.alert.state_date  # type: ignore[union-attr]
        if year or month or day:
            source.state_date.year, source.state_date.month, source.state_date.day = year, month, day
    code, text = texts.ACTIONS[alert.kind]
    hit.action.code, hit.action.text = code, text
    hit.subject.CopyFrom(where)
    register = view.register(alert.known)
    if register.loaded:
        hit.source_as_of.FromMilliseconds(register.as_of_ms)
    hit.source_state = register.state(view.masks, view.clock_ms)
    return hit


def reference(link: Link, target: object) -> None:
    """The link's record reference, `possible` as the link is."""
    target.CopyFrom(link.record.message.record)  # type: ignore[attr-defined]
    if link.level == POSSIBLE:
        target.possible = True  # type: ignore[attr-defined]


def strongest_first(hits: list[alert_pb2.Hit]) -> list[alert_pb2.Hit]:
    """Order of hits in an answer; hits of one subject arrive in stored order, owners and candidates by ordinal."""
    rank = {
        alert_pb2.HIT_SUBJECT_KIND_VEHICLE: 0,
        alert_pb2.HIT_SUBJECT_KIND_PLATE: 1,
        alert_pb2.HIT_SUBJECT_KIND_PERSON: 2,
        alert_pb2.HIT_SUBJECT_KIND_OWNER: 3,
        alert_pb2.HIT_SUBJECT_KIND_CANDIDATE: 4,
    }
    return sorted(hits, key=lambda h: (-h.level, rank[h.subject.kind], h.subject.ordinal))
