"""Alert rows of unknown columns that still show a CUI, a plate or a VIN (docs/manifests.md, "Refused records").

Rows with known columns belong to the compiled encoder (core/standardise/record.pyx).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.identifiers.api import canonical, cui_digits, is_vin, plate, shown_cuis, shown_plates
from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError, Plate
from indexer.manifest.fields import SECTIONS, is_vehicle_section
from indexer.manifest.model import Manifest
from indexer.manifest.sources import Source
from indexer.readers.batch import BadRow
from indexer.standard import ALERT_PROTECTED, EMPTY_RECORD, SUBJECT_PERSON, SUBJECT_VEHICLE
from indexer.standardise.plan import damaged_text
from ronda.v1 import alert_pb2, person_records_pb2, section_pb2

_PART_OF_NO_RECORD = 2**15 - 1  # and downwards: far from those of a manifest's records (core/standard_record.toml)


@dataclass(frozen=True)
class DamagedRow:
    """A damaged record about one CUI, one plate or one VIN."""

    manifest: Manifest
    source: Source
    ordinal: int
    row: BadRow
    sensitivity: int
    cui: str | None = None
    plate: Plate | None = None
    vin: str | None = None
    protects: bool = False  # a row of a protected side: no alert, it hides an address

    def standard(self, place: int) -> dict[str, Any]:
        """The row in STANDARD_SCHEMA. place: among the damaged rows of one batch, from 0."""
        section = "damaged_record" if self.cui is not None else "vehicle_damaged_record"
        contact = self.manifest.register_.contact
        message = person_records_pb2.DamagedRecord(text=damaged_text(contact), rule=self.row.rule)
        message.record.register_id = self.manifest.id
        message.record.record_id = str(self.row.row)
        return EMPTY_RECORD | {
            "register": self.ordinal,
            "section": SECTIONS[section],
            "record_id": str(self.row.row),
            "row": self.row.row,
            "source": self.source.number,
            "part": _PART_OF_NO_RECORD - place % _PART_OF_NO_RECORD,
            "subject": SUBJECT_PERSON if self.cui is not None else SUBJECT_VEHICLE,
            "sensitivity": self.sensitivity,
            "payload": message.SerializeToString(deterministic=True),
            "cui": self.cui,
            "cui_valid": True,
            "plate_type": self.plate.type if self.plate else None,
            "plate": self.plate.number if self.plate else None,
            "plate_country": self.plate.country if self.plate else None,
            "vin": self.vin,
            "alert_kind": 0 if self.protects else alert_pb2.ALERT_KIND_DAMAGED_RECORD,
            "alert_state": alert_pb2.ALERT_STATE_PENDING,
            "alert_flags": ALERT_PROTECTED if self.protects else 0,
            "hit_payload": None
            if self.protects
            else alert_pb2.Hit(authority=contact).SerializeToString(deterministic=True),
        }


def damaged_row(manifest: Manifest, source: Source, ordinal: int, row: BadRow) -> list[DamagedRow]:
    """One damaged record for each valid CUI (alerts on persons), typed plate or VIN (on vehicles) in the cells.

    OPEN only when every record of an alert that the source yields is: else DISCREET. Where it yields protected sides
    too, each CUI may be of one: a second record for it, of sensitivity VICTIM.
    """
    stated = [r for r in manifest.record if r.source == source.name and r.alert is not None]
    alerts = [r for r in stated if r.alert is not None and not r.alert.protected]
    if not row.cells:
        return []
    open_ = all(r.sensitivity.const is not None and r.sensitivity.const.endswith("OPEN") for r in stated)
    sensitivity = section_pb2.SENSITIVITY_OPEN if open_ else section_pb2.SENSITIVITY_DISCREET
    found = []
    cuis = dict.fromkeys(cui for cell in row.cells for cui in _cuis(cell))
    if any(not is_vehicle_section(r.section) for r in alerts):
        for cui in cuis:
            found.append(DamagedRow(manifest, source, ordinal, row, sensitivity, cui=cui))
    if len(alerts) < len(stated):
        victim = section_pb2.SENSITIVITY_VICTIM
        for cui in cuis:
            found.append(DamagedRow(manifest, source, ordinal, row, victim, cui=cui, protects=True))
    if any(is_vehicle_section(r.section) for r in alerts):
        for shown in dict.fromkeys(shown for cell in row.cells for shown in _plates(cell)):
            found.append(DamagedRow(manifest, source, ordinal, row, sensitivity, plate=shown))
        for vin in dict.fromkeys(_vin(cell) for cell in row.cells):
            if vin is not None:
                found.append(DamagedRow(manifest, source, ordinal, row, sensitivity, vin=vin))
    return found


def _cuis(cell: str) -> list[str]:
    digits, valid = cui_digits(cell)
    return [digits] if digits is not None and valid else shown_cuis(cell)


def _plates(cell: str) -> list[Plate]:
    try:
        found = [plate(cell)]
    except IdentifierError:
        found = shown_plates(cell)
    return [each for each in found if each.type]


def _vin(cell: str) -> str | None:
    """A VIN of letters and digits: seventeen digits alone are another number."""
    try:
        found = canonical(IdentifierKind.VIN, cell)
    except IdentifierError:
        return None
    return found if is_vin(found) and not found.isdigit() and not found.isalpha() else None
