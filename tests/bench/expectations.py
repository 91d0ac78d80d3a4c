"""Compares an answer with what truth/cases.json expects of it. Shape of an expectation: docs/nation.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ronda.v1 import alert_pb2, clearance_service_pb2, level_pb2, person_pb2, section_pb2

Json = dict[str, Any]


def _name(enum: Any, number: int) -> str:
    prefix = str(enum.DESCRIPTOR.values_by_number[0].name).removesuffix("UNSPECIFIED")
    return str(enum.Name(number)).removeprefix(prefix)


def _cautions(flags: Iterable[int]) -> list[str]:
    return [_name(level_pb2.CautionFlag, flag) for flag in flags]


def _codes(notes: Iterable[Any]) -> list[str]:
    return [note.code for note in notes]


def _hit(hit: Any, wanted: Json) -> Json:
    """The hit, told in the keys that are wanted of it."""
    told: Json = {
        "kind": _name(alert_pb2.AlertKind, hit.kind),
        "level": _name(level_pb2.Level, hit.level),
        "subject": _name(alert_pb2.HitSubjectKind, hit.subject.kind),
        "state": _name(alert_pb2.AlertState, hit.state),
        "note": ",".join(_codes(hit.notes)),
        "notes": _codes(hit.notes),
        "action": hit.action.code,
        "sources": [source.record.register_id for source in hit.sources],
        "cautions": _cautions(hit.cautions),
        "agrees": [_name(level_pb2.Criterion, criterion) for criterion in hit.agrees],
    }
    return {key: told[key] for key in wanted}


def _hits(hits: Any, wanted: list[Json]) -> list[Json]:
    return [_hit(hit, wanted[place] if place < len(wanted) else {"kind": ""}) for place, hit in enumerate(hits)]


def _totals(person: Any, wanted: Json) -> Json:
    totals = {_name(section_pb2.Section, total.section): total.total for total in person.totals}
    return {name: None if count is None and name in totals else totals.get(name, 0) for name, count in wanted.items()}


def _owners(vehicle: Any, wanted: list[Json]) -> list[Json]:
    told = [
        {"kind": _name(person_pb2.SubjectKind, owner.kind), "level": _name(level_pb2.Level, owner.level)}
        for owner in vehicle.owners
    ]
    return [{key: owner[key] for key in wanted[0]} for owner in told]


def told(expect: Json, response: Any) -> Json:
    """The response in the keys of the expectation. Keys that are no field of such a response raise AttributeError."""
    said: Json = {}
    for key, wanted in expect.items():
        answer: Any = getattr(response, "answer", None)
        if key == "level":
            said[key] = _name(level_pb2.Level, answer.level)
        elif key == "identity_status":
            said[key] = _name(level_pb2.IdentityStatus, answer.identity_status)
        elif key == "coverage":
            said[key] = _name(level_pb2.Coverage, answer.coverage)
        elif key == "notes":
            said[key] = _codes(answer.notes)
        elif key == "cautions":
            said[key] = _cautions(answer.cautions)
        elif key == "hits":
            said[key] = _hits(answer.hits, wanted)
        elif key == "closed":
            said[key] = _hits(response.person.closed_alerts, wanted)
        elif key == "vehicle_closed":
            said[key] = _hits(response.vehicle.closed_alerts, wanted)
        elif key == "person_cautions":
            said[key] = _cautions(response.person.cautions)
        elif key in ("homonyms", "name_only_alerts"):
            said[key] = getattr(response.person, key)
        elif key == "totals":
            said[key] = _totals(response.person, wanted)
        elif key in ("vehicle_level", "owner_level"):
            said[key] = _name(level_pb2.Level, getattr(response.vehicle, key))
        elif key == "owners":
            said[key] = _owners(response.vehicle, wanted)
        elif key == "owner_levels":
            said[key] = sorted(_name(level_pb2.Level, owner.level) for owner in response.vehicle.owners)
        elif key == "owners_shown":
            said[key] = len(response.vehicle.owners)
        elif key == "owner_without_address":
            said[key] = all(not owner.person.addresses for owner in response.vehicle.owners)
        elif key == "candidates_include":
            plates = {candidate.plate for candidate in response.candidates}
            said[key] = [plate for plate in wanted if plate in plates]
        elif key == "results":
            said[key] = [_name(clearance_service_pb2.ClearanceResult, result) for result in response.results]
        elif key == "reasons":
            said[key] = [_name(clearance_service_pb2.ClearanceReason, reason) for reason in response.reasons]
        else:  # candidates_total, total
            said[key] = getattr(response, key)
    return said


def differences(expect: Json, response: Any) -> list[str]:
    """What the response says otherwise than expected, one line a key; [] = as expected."""
    said = told(expect, response)
    return [f"{key}: expected {expect[key]}, got {said[key]}" for key in expect if said[key] != expect[key]]
