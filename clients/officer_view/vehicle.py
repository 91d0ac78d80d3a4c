"""A vehicle: what it is, its plates, and its owners, those of today with their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from clients.officer_view.hits import closed_line
from clients.officer_view.ownership import Day, why_not_looked_up
from clients.officer_view.person import totals_line
from clients.officer_view.styles import level_badge
from clients.spanish import words as spanish

if TYPE_CHECKING:
    from ronda.v1 import vehicle_pb2


def vehicle_lines(vehicle: vehicle_pb2.Vehicle, today: Day) -> Group:
    """Registrations, plates, owners, alerts without effect, totals. `today`: the day of the answer."""
    parts: list[RenderableType] = [_registration_line(each) for each in vehicle.registrations[:3]]
    parts += [_plate_line(each) for each in vehicle.plate_assignments[:5]]
    parts += [_owner_line(each, today) for each in vehicle.owners]
    parts += [closed_line(hit) for hit in vehicle.closed_alerts]
    parts.append(totals_line(vehicle.totals))
    return Group(*parts)


def _registration_line(registration: vehicle_pb2.VehicleRegistration) -> Text:
    facts = [registration.type, registration.make, registration.line, registration.colour]
    facts.append(str(registration.model_year) if registration.model_year else "")
    facts.append(f"VIN {registration.vin}" if registration.vin else "")
    said = " ".join(fact for fact in facts if fact)
    return Text.assemble((said, "bold"), f"  [{registration.record.register_id}]")


def _plate_line(plate: vehicle_pb2.PlateAssignment) -> Text:
    since, until = spanish.date_text(plate.valid_from), spanish.date_text(plate.valid_to)
    dates = [f"desde {since}" if since else "", f"hasta {until}" if until else ""]
    return Text(" ".join(["Placa", plate.plate, *(date for date in dates if date)]))


def _owner_line(owner: vehicle_pb2.Owner, today: Day) -> Text:
    text = Text(f"Propietario {owner.ordinal}: {owner.name or 'desconocido'}")
    if owner.share_percent:
        text.append(f" ({owner.share_percent} %)")
    if until := spanish.date_text(owner.valid_to):
        text.append(f" hasta {until}")
    if why := why_not_looked_up(owner, today):
        return text.append(f"  {why}")
    text.append("  ").append_text(level_badge(owner.level))
    if status := spanish.IDENTITY.get(owner.identity_status):
        text.append(f"  identidad: {status}")
    return text
