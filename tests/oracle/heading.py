"""The head of an answer: level, registers, notes (docs/answers.md sections 7, 9 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import level_pb2, section_pb2
from tests.oracle import texts
from tests.oracle.alerts import strongest_first
from tests.oracle.asked import Identifier

if TYPE_CHECKING:
    from tests.oracle.view import View

HITS_AT_MOST = 20
ANSWER_AT_MOST = 60 * 1024
NATIONAL_ALARM = (
    level_pb2.IDENTITY_STATUS_NOT_FOUND,
    level_pb2.IDENTITY_STATUS_CONFLICT,
    level_pb2.IDENTITY_STATUS_DECEASED,
    level_pb2.IDENTITY_STATUS_MISUSED,
)


def fill_registers(view: View, answer: Any, persons_only: bool) -> None:
    listed = [r for r in view.oracle.registers if not persons_only or r.roles["person"]]
    answer.registers.extend(r.status(view.masks, view.clock_ms, persons_only) for r in listed)
    complete = all(r.fresh(view.masks, view.clock_ms) for r in listed)
    answer.coverage = level_pb2.COVERAGE_COMPLETE if complete else level_pb2.COVERAGE_INCOMPLETE
    answer.generation_id = view.oracle.generation_id


def fill_hits(answer: Any, hits: list[Any]) -> None:
    answer.hits.extend(strongest_first(hits)[:HITS_AT_MOST])
    answer.hits_total = len(hits)


def level(
    view: View,
    hits: list[Any],
    status: int,
    certain: bool,
    national: bool,
    disagree: bool,
    kind: str,
    several: bool = False,
    withheld: bool = False,
) -> int:
    """Returns the level by section 9. `kind`: "person" or "vehicle", for the needed registers.

    `withheld`: adolescents' orders of the person are hidden.
    """
    if hits and max(h.level for h in hits) == level_pb2.LEVEL_HIT:
        return level_pb2.LEVEL_HIT
    if hits or disagree or several or (national and status in NATIONAL_ALARM):
        return level_pb2.LEVEL_POSSIBLE
    unverified = status == level_pb2.IDENTITY_STATUS_UNVERIFIED and national
    if certain and (unverified or withheld or not view.needed_fresh(kind)):
        return level_pb2.LEVEL_INCOMPLETE
    if not certain or status != level_pb2.IDENTITY_STATUS_FOUND:
        return level_pb2.LEVEL_INSUFFICIENT
    return level_pb2.LEVEL_CLEAR


def counts_as_national(view: View, asked: Identifier | None, status: int) -> bool:
    """Returns whether a national identifier was asked; a VIN that is not on file is one only while nobody can tell."""
    if asked is None or not asked.national:
        return False
    not_on_file = asked.kind == "vin" and status == level_pb2.IDENTITY_STATUS_UNVERIFIED
    return not (not_on_file and view.identifiers_loaded("vin"))


def fill_notes(
    view: View,
    answer: Any,
    asked: list[Identifier],
    status: int,
    disagree: bool,
    named: bool,
    nothing: bool,
    further: set[str] = frozenset(),  # type: ignore[assignment]
    similar: int = 0,
    dated: bool = False,
) -> None:
    """`asked`: the identifiers that the status speaks of; `named`: a name was asked and nothing else; `further`:
    notes that other rules give; `similar`: weak candidates with an alert; `dated`: a year of birth was asked."""
    codes = []
    not_found = status == level_pb2.IDENTITY_STATUS_NOT_FOUND
    unverified = status == level_pb2.IDENTITY_STATUS_UNVERIFIED
    kinds = {a.kind for a in asked}
    named_otherwise = {"NAME_DIFFERS", "CONFLICT"}  # both: the registers contradict besides
    if (not_found and kinds & {"cui", "nit", "cedula", "document", "licence"}) or "DOCUMENT_NOT_ON_FILE" in further:
        codes.append("DOCUMENT_NOT_ON_FILE")
    if (not_found and kinds & {"plate", "vin"}) or "PLATE_NOT_ON_FILE" in further:
        codes.append("PLATE_NOT_ON_FILE")
    lost = [a for a in asked if a.national and not any(view.identifiers_loaded(k) for k in a.identified_as)]
    untyped = [a for a in asked if a.kind == "plate" and a.value[2] == "GTM" and not a.value[0]]
    if untyped and not view.identifiers_loaded("plate"):
        lost += untyped
    if unverified and not lost and "UNVERIFIED" not in further:
        codes.append("NO_RECORD_FOREIGN")
    for code, holds in (
        ("DECEASED", status == level_pb2.IDENTITY_STATUS_DECEASED),
        ("MISUSED", status == level_pb2.IDENTITY_STATUS_MISUSED),
        ("CONFLICT", status == level_pb2.IDENTITY_STATUS_CONFLICT and further & named_otherwise != {"NAME_DIFFERS"}),
        ("NAME_DIFFERS", "NAME_DIFFERS" in further),
        ("IDENTIFIERS_DISAGREE", disagree),
        ("UNVERIFIED", unverified and (bool(lost) or "UNVERIFIED" in further)),
        ("NAME_NOT_ON_FILE", named and nothing),
        ("CUI_IMPOSSIBLE", nothing and any(a.impossible for a in asked)),
        ("OWNER_NAME_ALERT", "OWNER_NAME_ALERT" in further),
        ("NAME_BY_RECORD", named and not_found),
        ("CROWDED", "CROWDED" in further),
        ("ONLY_BEARER", "ONLY_BEARER" in further),
        ("ADOLESCENTS_HIDDEN", "ADOLESCENTS_HIDDEN" in further),
    ):
        if holds:
            codes.append(code)
    for code in codes:
        texts.note(answer.notes, code, texts.NOTES[f"{code} (dated)"] if dated and code == "NAME_NOT_ON_FILE" else "")
    if similar:
        how_many = "1 persona" if similar == 1 else f"{similar} personas"
        text = texts.NOTES["SIMILAR_NAME_ALERT"].replace("n personas", how_many)
        texts.note(answer.notes, "SIMILAR_NAME_ALERT", text)


def trimmed(build: Any) -> Any:
    """The response with 20 records a section, or fewer when it would pass 60 KiB; then with shorter lists."""
    for limit in (20, 10, 5, 2, 1):
        response = build(limit)
        if response.ByteSize() <= ANSWER_AT_MOST:
            return response
    for limit, most in ((1, 10), (1, 5), (1, 2), (1, 1), (0, 1), (0, 0)):
        response = build(limit)
        _shorten(response, most)
        if response.ByteSize() <= ANSWER_AT_MOST:
            break
    return response


def _shorten(response: Any, most: int) -> None:
    """Cuts hits, closed alerts, candidates and owners to their first `most`; one hit stays."""
    del response.answer.hits[max(1, most) :]
    del response.candidates[most:]
    for name in ("person", "vehicle"):
        if name not in response.DESCRIPTOR.fields_by_name or not response.HasField(name):
            continue
        subject = getattr(response, name)
        del subject.closed_alerts[most:]
        if name == "vehicle":
            del subject.owners[most:]
            for owner in subject.owners:
                if owner.HasField("person"):
                    del owner.person.closed_alerts[most:]
            for total in subject.totals:
                if total.section == section_pb2.SECTION_OWNER:
                    total.shown = len(subject.owners)
