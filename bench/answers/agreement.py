"""The ways to one subject: do they agree in level, up to the rules that docs/answers.md states?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.answers.asking import CLEAR, HIT, INSUFFICIENT, POSSIBLE, Asker, level_name, level_of, ways, ways_to_vehicle
from bench.answers.truth import Truth
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1.alert_pb2 import AlertKind
from ronda.v1.level_pb2 import IdentityStatus

_RESULTS = {CLEAR: "NO_RECORD", POSSIBLE: "REVIEW", HIT: "WITH_RECORD"}
_UNDER_WANTED = {"WARRANT", "ESCAPE", "TRAVEL_BAN"}


@dataclass
class Ways:
    """Levels by several ways compared with that by CUI: pairs, differences by rule, and those that no rule explains."""

    subjects: int = 0
    pairs: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    unexplained: list[dict[str, Any]] = field(default_factory=list)


def compare(truth: Truth, asker: Asker, cuis: list[str]) -> Ways:
    """Asks each person by every way."""
    found = Ways()
    base: dict[str, Any] = {}
    for cui in cuis:
        response = asker.whole(contract.CheckPersonRequest(cui=cui))
        if response is None:
            continue
        base[cui] = response
        found.subjects += 1
        person = truth.persons[cui]
        for way, request in ways(person).items():
            if way != "CUI":
                _by_document(found, way, asker, request, response, cui)
        _by_search(found, asker, person, response)
        for vehicle in truth.owners.get(cui, [])[:1]:
            _by_plate(found, asker, vehicle["plate"], response, cui)
    for cui, (result, reason) in zip(base, asker.clear("cuis", list(base)), strict=True):
        _by_clearance(found, base[cui], result, reason, cui)
    return found


def compare_vehicles(truth: Truth, asker: Asker, vins: list[str], found: Ways) -> None:
    """Asks each vehicle by VIN, by plate and for its clearance; its own alerts and its plate's, not its owners'."""
    by_vin = {vehicle["vin"]: vehicle for vehicle in truth.vehicles}
    asked: list[tuple[str, Any]] = []
    for vin in vins:
        levels = {}
        for way, request in ways_to_vehicle(by_vin[vin]).items():
            response = asker.whole(request)
            if response is not None:
                levels[way] = response
        if len(levels) < 2:
            continue
        found.subjects += 1
        base, other = levels["VIN"], levels["plate"]
        expected = base.vehicle.vehicle_level or base.answer.level
        got = other.vehicle.vehicle_level or other.answer.level
        several = other.candidates_total > 0 or not other.HasField("vehicle")
        rule = "several have borne the plate, or a report by plate may mean several" if several else ""
        _note(found, "plate for VIN", level_name(expected), level_name(got), rule, "", base)
        asked.append((vin, base))
    for (_vin, base), (result, reason) in zip(asked, asker.clear("vins", [vin for vin, _ in asked]), strict=True):
        level = base.vehicle.vehicle_level or base.answer.level
        got = clearance.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_")
        why = clearance.ClearanceReason.Name(reason).removeprefix("CLEARANCE_REASON_")
        rule = "invalid row" if got == "INVALID" else ""
        if why == "UNCERTAIN_IDENTIFIER":
            rule = "a VIN that no one vehicle holds for certain is REVIEW"
        _note(found, "clearance by VIN", _RESULTS.get(level, ""), got, rule, "", base)


def _note(found: Ways, way: str, expected: str, got: str, rule: str, cui: str, response: Any) -> None:
    found.pairs[way] += 1
    if expected == got:
        return
    if rule:
        found.by_rule[f"{way}: {rule}"] += 1
    else:
        hit = response.answer.hits[0].record.record_id if response.answer.hits else ""
        found.unexplained.append({"way": way, "by CUI": expected, "so": got, "first hit": hit, "cui": cui})


def _status(response: Any) -> str:
    return IdentityStatus.Name(response.answer.identity_status).removeprefix("IDENTITY_STATUS_")


def _by_document(found: Ways, way: str, asker: Asker, request: Any, base: Any, cui: str) -> None:
    content = asker.bytes(request)
    if not content:
        return
    response = contract.CheckPersonResponse.FromString(content)
    rule = ""
    if response.candidates_total > 1:
        rule = "several persons fit"
    elif way == "cédula" and level_of(content) <= POSSIBLE:
        rule = "a cédula alone is at most POSSIBLE"
    elif way == "name and birth date" and _status(base) == "DECEASED":
        rule = "nobody living bears the name: at most POSSIBLE; the status is of an identifier that was asked"
    elif way == "name and birth date" and not base.answer.hits and base.answer.level == POSSIBLE:
        rule = "the identity status is of an identifier that was asked"
    elif _status(response) != _status(base):
        rule = "identity status differs"
    _note(found, way, level_name(base.answer.level), level_name(level_of(content)), rule, cui, base)


def _by_search(found: Ways, asker: Asker, person: dict[str, Any], base: Any) -> None:
    asked = next(reversed(ways(person).values()))
    response = asker.whole(contract.SearchPersonsRequest(name=asked.name, birth_date=asked.birth_date))
    if response is None:
        return
    mine = [c for c in response.candidates if c.cui == person["cui"]]
    if not mine:
        found.pairs["search"] += 1
        found.by_rule["search: twenty others come first"] += len(response.candidates) >= 20
        if len(response.candidates) < 20:
            found.unexplained.append({"way": "search", "by CUI": "any", "so": "not found", "cui": person["cui"]})
        return
    expected, got = base.answer.level, mine[0].level
    rule = ""
    if expected == CLEAR and got == INSUFFICIENT:
        rule = "a search is no certain question: INSUFFICIENT for CLEAR"
    elif expected == POSSIBLE and not base.answer.hits:
        rule = "identity status gives no colour to a candidate"
    elif expected == HIT and got == POSSIBLE:
        rule = "found by a name that several fit: at most POSSIBLE"
    _note(found, "search", level_name(expected), level_name(got), rule, person["cui"], base)


def _by_plate(found: Ways, asker: Asker, plate: str, base: Any, cui: str) -> None:
    response = asker.whole(contract.CheckVehicleRequest(plate=plate))
    if response is None:
        return
    owners = [o for o in response.vehicle.owners if cui in {claim.cui for claim in o.person.identity_claims}]
    if not owners:
        found.pairs["plate, owner"] += 1
        found.by_rule["plate, owner: several bear the plate, or the owner is beyond those shown"] += 1
        return
    expected, got = base.answer.level, owners[0].level
    rule = ""
    if expected == POSSIBLE and not base.answer.hits:
        rule = "identity status gives no colour to an owner"
    elif got == POSSIBLE and _status(base) == "DECEASED":
        rule = "a dead owner's alert is at most POSSIBLE"
    elif got == POSSIBLE and expected == HIT and response.candidates_total:
        rule = "the plate's link is POSSIBLE"
    _note(found, "plate, owner", level_name(expected), level_name(got), rule, cui, base)


def _by_clearance(found: Ways, base: Any, result: int, reason: int, cui: str) -> None:
    expected = _RESULTS.get(base.answer.level, "")
    got = clearance.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_")
    why = clearance.ClearanceReason.Name(reason).removeprefix("CLEARANCE_REASON_")
    kinds = {AlertKind.Name(hit.kind).removeprefix("ALERT_KIND_") for hit in base.answer.hits}
    rule = ""
    if got == "INVALID":
        rule = "invalid row"
    elif why in ("DECEASED", "MISUSED", "CONFLICT", "NOT_FOUND"):
        rule = f"a row of status {why} is REVIEW first"
    elif kinds - _UNDER_WANTED:
        rule = "kinds that WANTED does not ask for"
    elif expected == "WITH_RECORD" and got == "REVIEW" and why == "NAME_MATCH":
        rule = "a HIT by name is REVIEW"
    elif expected == "NO_RECORD" and why == "NAME_MATCH" and base.person.name_only_alerts > 0:
        rule = "a counted alert whose name nobody else bears is REVIEW"
    _note(found, "clearance", expected, got, rule, cui, base)
