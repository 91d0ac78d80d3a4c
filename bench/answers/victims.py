"""Protected persons: by plate, and by the subject id that the plate gave, no address may be shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.answers.asking import Asker
from bench.answers.truth import Truth
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.section_pb2 import SECTION_ADDRESS


@dataclass
class Addresses:
    """The results for the protected persons' addresses."""

    protected: int = 0  # who own a vehicle and have an address on file
    questions: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)
    by_way: Counter[str] = field(default_factory=Counter)


def look(truth: Truth, asker: Asker) -> Addresses:
    """Asks for every vehicle that somebody protected by an order in force owns."""
    found = Addresses()
    for row in truth.alerts:
        if row.kind != "PROTECTED" or not row.in_force or not row.means.startswith("CUI "):
            continue
        cui = row.means[4:]
        owned = truth.owners.get(cui, [])
        own = asker.whole(contract.CheckPersonRequest(cui=cui))
        streets = {a.street for a in own.person.addresses if a.street} if own is not None else set()
        if not owned or not streets:
            continue
        found.protected += 1
        for vehicle in owned:
            for way, request in (
                ("plate", contract.CheckVehicleRequest(plate=vehicle["plate"])),
                ("VIN", contract.CheckVehicleRequest(vin=vehicle["vin"])),
            ):
                _ask(asker, request, way, cui, streets, row, found)
    return found


def _ask(
    asker: Asker, request: Any, way: str, cui: str, streets: set[str], row: Any, found: Addresses
) -> None:  # fmt: skip
    response = asker.whole(request)
    found.questions += 1
    if response is None:
        return
    for owner in response.vehicle.owners:
        if cui not in {claim.cui for claim in owner.person.identity_claims}:
            continue
        shown = way if streets & {address.street for address in owner.person.addresses} else ""
        page = asker.whole(contract.ListRecordsRequest(subject_id=owner.person.subject_id, section=SECTION_ADDRESS))
        found.questions += 1
        if not shown and page is not None and streets & {address.street for address in page.person.addresses}:
            shown = f"{way}, then ListRecords"
        if shown:
            found.by_way[shown] += 1
            found.shown.append({"way": shown, "record": row.record_id, "damage": list(row.damage)})
