"""Persons and vehicles that no alert row means: who of them is shown HIT or POSSIBLE, and by which row?"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.answers.asking import HIT, POSSIBLE, Asker, level_of, ways, ways_to_vehicle
from bench.answers.truth import Truth
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.alert_pb2 import HIT_SUBJECT_KIND_OWNER
from ronda.v1.level_pb2 import IdentityStatus

NAME_ONLY_EVERY = 20  # persons: one of so many is asked by the name alone besides


@dataclass
class Shown:
    """The data shown of subjects without an alert."""

    persons: int = 0
    vehicles: int = 0
    questions: int = 0
    hits: list[dict[str, Any]] = field(default_factory=list)  # by a row whose own person is on file, or by no row
    hits_of_nobody: list[dict[str, Any]] = field(default_factory=list)  # by rows that mean nobody on file
    possible: int = 0  # subjects shown POSSIBLE by an identifier or with the birth date
    reasons: Counter[str] = field(default_factory=Counter)  # of those: damage of the row behind it, or what else
    by_name_alone: Counter[int] = field(default_factory=Counter)  # levels


def look(truth: Truth, asker: Asker, persons: int, vehicles: int, seed: int) -> Shown:
    """Draws living persons and vehicles that no alert row means, and asks each by every way."""
    chosen = random.Random(seed)
    shown = Shown()
    meant = {row.means for row in truth.alerts if row.means}
    living = [p for p in truth.persons.values() if p["death_date"] is None and f"CUI {p['cui']}" not in meant]
    for number, person in enumerate(chosen.sample(living, min(persons, len(living)))):
        shown.persons += 1
        _ask(truth, asker, ways(person), shown, "person")
        if number % NAME_ONLY_EVERY == 0:
            request = contract.CheckPersonRequest(name=next(reversed(ways(person).values())).name)
            content = asker.bytes(request)
            shown.by_name_alone[level_of(content)] += 1
            if level_of(content) == HIT:
                _behind(truth, contract.CheckPersonResponse.FromString(content), shown, "name alone")
    free = [
        v
        for v in truth.vehicles
        if f"VIN {v['vin']}" not in meant and f"PLATE {v['plate_type']}-{v['plate']}" not in meant
    ]
    for vehicle in chosen.sample(free, min(vehicles, len(free))):
        shown.vehicles += 1
        _ask(truth, asker, ways_to_vehicle(vehicle), shown, "vehicle")
    return shown


def _ask(truth: Truth, asker: Asker, questions: dict[str, Any], shown: Shown, kind: str) -> None:
    worst, reason, hit = 0, "", False
    for way, request in questions.items():
        shown.questions += 1
        content = asker.bytes(request)
        level = level_of(content)
        if level < POSSIBLE:
            continue
        if kind == "vehicle":
            response: Any = contract.CheckVehicleResponse.FromString(content)
            # Its owner may be wanted; the vehicle is what is asked about here. Unset: several bear the plate.
            level = response.vehicle.vehicle_level or response.answer.level
            if level < POSSIBLE:
                continue
        else:
            response = contract.CheckPersonResponse.FromString(content)
        if level == HIT and not hit:
            hit = True
            _behind(truth, response, shown, way)
        if level > worst:
            worst, reason = level, _reason(truth, response)
    if worst == POSSIBLE:
        shown.possible += 1
        shown.reasons[reason] += 1


def _rows_behind(truth: Truth, hit: Any) -> list[Any]:
    records = [hit.record, *(source.record for source in hit.sources)]
    keys = {(record.register_id, record.record_id) for record in records}
    return [row for key in keys for row in truth.by_record.get(key, [])]


def _behind(truth: Truth, response: Any, shown: Shown, way: str) -> None:
    for hit in response.answer.hits:
        if hit.level != HIT or hit.subject.kind == HIT_SUBJECT_KIND_OWNER:
            continue
        rows = _rows_behind(truth, hit)
        line = {
            "way": way,
            "register": hit.record.register_id,
            "record": hit.record.record_id,
            "damage": sorted({damage for row in rows for damage in row.damage}),
            "agrees": list(hit.agrees),
        }
        nobody = bool(rows) and not any(row.means for row in rows)
        (shown.hits_of_nobody if nobody else shown.hits).append(line)
        return


def _reason(truth: Truth, response: Any) -> str:
    for hit in response.answer.hits:
        if hit.level == POSSIBLE and hit.subject.kind != HIT_SUBJECT_KIND_OWNER:
            damage = sorted({damage for row in _rows_behind(truth, hit) for damage in row.damage})
            return "alert row: " + (" ".join(damage) or "undamaged, by name")
    status = response.answer.identity_status
    if response.candidates_total > 1:
        return "several fit the question"
    return "identity: " + IdentityStatus.Name(status).removeprefix("IDENTITY_STATUS_")
