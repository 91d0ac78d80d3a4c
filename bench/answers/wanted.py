"""Asks about the subject of every alert row in force, in every way, and finds those shown CLEAR."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from bench.answers.asking import CLEAR, POSSIBLE, Asker, level_name, level_of, ways, ways_to_vehicle
from bench.answers.truth import AlertRow, Truth
from ronda.v1 import check_service_pb2 as contract


@dataclass
class Verdicts:
    """The results for the alert rows in force."""

    rows: int = 0  # in force, that mean somebody on file
    all_rows: int = 0  # of every state, whomever they mean
    nobody: int = 0  # mean nobody on file
    clear: list[dict[str, Any]] = field(default_factory=list)  # rows shown CLEAR
    below: list[dict[str, Any]] = field(
        default_factory=list
    )  # not CLEAR, yet less than POSSIBLE by a way that is certain
    unnamed: Counter[str] = field(default_factory=Counter)  # not CLEAR, but the row stands behind no hit; by damage
    by_damage: dict[str, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )  # damage -> level by CUI, VIN


def questions(truth: Truth, row: AlertRow) -> dict[str, Any]:
    """Returns requests by way, for the subject of a row."""
    kind, _, value = row.means.partition(" ")
    if kind == "CUI":
        return ways(truth.persons[value])
    if kind == "PASSPORT":
        country, _, number = value.partition(" ")
        return {"passport": contract.CheckPersonRequest(document={"country": country, "number": number})}
    if kind == "VIN":
        vehicle = truth_vehicle(truth)[value]
        return ways_to_vehicle(vehicle)
    return {"plate": contract.CheckVehicleRequest(plate=value)}


def truth_vehicle(truth: Truth) -> dict[str, dict[str, Any]]:
    """Vehicles by VIN."""
    if not hasattr(truth, "_by_vin"):
        truth._by_vin = {vehicle["vin"]: vehicle for vehicle in truth.vehicles}  # type: ignore[attr-defined]
    return truth._by_vin  # type: ignore[attr-defined,no-any-return]


def judge(truth: Truth, asker: Asker) -> Verdicts:
    """Asks about every row."""
    found = Verdicts()
    for row in truth.alerts:
        if row.kind == "PROTECTED":
            continue
        found.all_rows += 1
        found.nobody += not row.means
        if row.means and row.in_force:
            found.rows += 1
            _judge_row(truth, asker, row, found)
    return found


def _judge_row(truth: Truth, asker: Asker, row: AlertRow, found: Verdicts) -> None:
    levels = {}
    named = False
    for way, request in questions(truth, row).items():
        content = asker.bytes(request)
        if not content:
            continue
        levels[way] = level_of(content)
        if not named and levels[way] >= POSSIBLE:
            named = row.record_id.encode() in content
    if not levels:
        return
    first = next(iter(levels.values()))
    for damage in row.damage or ("none",):
        found.by_damage[damage][level_name(first)] += 1
    line = {
        "register": row.register,
        "record": row.record_id,
        "kind": row.kind,
        "damage": list(row.damage),
        "shows": sorted(row.shows),
        "why_not": truth.why_not(row),
        "levels": {way: level_name(level) for way, level in levels.items()},
    }
    if CLEAR in levels.values():
        found.clear.append(line)
    elif any(level < POSSIBLE for way, level in levels.items()):
        found.below.append(line)
    elif not named:
        found.unnamed[" ".join(row.damage) or "none"] += 1
