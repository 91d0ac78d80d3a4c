"""Checks a response against what a case expects, field by field; a field that a case does not name is free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ronda.v1 import alert_pb2, level_pb2, person_pb2, section_pb2
from ronda.v1 import clearance_service_pb2 as clearance

Expectation = Mapping[str, Any]


def short(enum: Any, prefix: str, number: int) -> str:
    return str(enum.Name(number)).removeprefix(prefix)


def level(number: int) -> str:
    return short(level_pb2.Level, "LEVEL_", number)


def cautions(flags: Any) -> list[str]:
    return [short(level_pb2.CautionFlag, "CAUTION_FLAG_", flag) for flag in flags]


def hit_facts(hit: alert_pb2.Hit) -> dict[str, Any]:
    """Everything of a hit that a case may name."""
    return {
        "kind": short(alert_pb2.AlertKind, "ALERT_KIND_", hit.kind),
        "level": level(hit.level),
        "subject": short(alert_pb2.HitSubjectKind, "HIT_SUBJECT_KIND_", hit.subject.kind),
        "ordinal": hit.subject.ordinal,
        "state": short(alert_pb2.AlertState, "ALERT_STATE_", hit.state),
        "action": hit.action.code,
        "sources": [s.record.register_id for s in hit.sources],
        "cautions": cautions(hit.cautions),
        "agrees": [short(level_pb2.Criterion, "CRITERION_", c) for c in hit.agrees],
        "notes": [n.code for n in hit.notes],
        "texts": [n.text for n in hit.notes],
        "note": next((n.code for n in hit.notes), None),
        "authority": hit.authority,
        "source_state": hit.source_state,
    }


def assert_hits(hits: Any, expected: list[Expectation], what: str) -> None:
    facts = [hit_facts(hit) for hit in hits]
    assert len(facts) == len(expected), f"{what}: {facts}"
    for found, wanted in zip(facts, expected, strict=True):
        for name, value in wanted.items():
            assert found[name] == value, f"{what}.{name}: {found[name]!r}, expected {value!r}"


def facts_of(response: Any) -> dict[str, Any]:
    """Returns what a case may name, by the names that cases use."""
    facts: dict[str, Any] = {}
    if hasattr(response, "answer"):
        head = response.answer
        facts |= {
            "level": level(head.level),
            "coverage": short(level_pb2.Coverage, "COVERAGE_", head.coverage),
            "identity_status": short(level_pb2.IdentityStatus, "IDENTITY_STATUS_", head.identity_status),
            "notes": [n.code for n in head.notes],
            "cautions": cautions(head.cautions),
            "states": {r.register_id: r.state for r in head.registers},
            "comparisons": {
                short(level_pb2.Criterion, "CRITERION_", c.criterion): short(
                    level_pb2.Agreement, "AGREEMENT_", c.agreement
                )
                for c in head.comparisons
            },
        }
    for name in ("candidates_total", "total", "suggestions"):
        if hasattr(response, name):
            value = getattr(response, name)
            facts[name] = value if isinstance(value, int) else list(value)
    if hasattr(response, "candidates"):
        facts["candidates_include"] = [c.plate for c in response.candidates]
    if hasattr(response, "results"):
        facts["results"] = [short(clearance.ClearanceResult, "CLEARANCE_RESULT_", r) for r in response.results]
        facts["reasons"] = [short(clearance.ClearanceReason, "CLEARANCE_REASON_", r) for r in response.reasons]
    if has(response, "person"):
        person = response.person
        facts |= {
            "homonyms": person.homonyms,
            "name_only_alerts": person.name_only_alerts,
            "age": person.age if person.HasField("age") else None,
            "person_cautions": cautions(person.cautions),
        }
    if has(response, "vehicle"):
        vehicle = response.vehicle
        facts |= {
            "vehicle_level": level(vehicle.vehicle_level),
            "owner_level": level(vehicle.owner_level),
            "owner_levels": sorted(level(o.level) for o in vehicle.owners),
            "owners_shown": len(vehicle.owners),
            "owner_without_address": bool(vehicle.owners) and all(not o.person.addresses for o in vehicle.owners),
            "bears_asked_plate": vehicle.bears_asked_plate,
        }
    return facts


def has(response: Any, name: str) -> bool:
    return name in response.DESCRIPTOR.fields_by_name and response.HasField(name)


def assert_expected(response: Any, expected: Expectation) -> None:
    facts = facts_of(response)
    for name, value in expected.items():
        if name == "hits":
            assert_hits(response.answer.hits, value, "hits")
            assert response.answer.hits_total == len(value)
        elif name == "closed":
            assert_hits(response.person.closed_alerts, value, "closed")
        elif name == "vehicle_closed":
            assert_hits(response.vehicle.closed_alerts, value, "vehicle_closed")
        elif name == "totals":
            assert_totals(response, value)
        elif name == "owners":
            found = [
                {"kind": short(person_pb2.SubjectKind, "SUBJECT_KIND_", o.kind), "level": level(o.level)}
                for o in response.vehicle.owners
            ]
            assert found == value, f"owners: {found}"
        elif name == "candidates_include":
            assert set(value) <= set(facts[name]), f"{name}: {facts[name]}"
        elif name == "owner_levels":
            assert sorted(value) == facts[name], f"{name}: {facts[name]}"
        else:
            assert facts[name] == value, f"{name}: {facts[name]!r}, expected {value!r}"


def assert_totals(response: Any, expected: Mapping[str, int | None]) -> None:
    """Totals by section; None = some."""
    subject = response.person if has(response, "person") else response.vehicle
    found = {short(section_pb2.Section, "SECTION_", t.section): t.total for t in subject.totals}
    for section, total in expected.items():
        if total is None:
            assert found.get(section, 0) > 0, f"totals.{section}: {found}"
        else:
            assert found.get(section, 0) == total, f"totals.{section}: {found}"
