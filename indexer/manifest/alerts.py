"""Checks that an alert's kind, section and sensitivity agree: a forgotten one would be shown to everybody.

A discreet alert without `sensitivity` would reveal itself to the watched person; a protected side without `protected`
would hide no address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.manifest.records import Record
    from indexer.manifest.values import Value

# The section of each kind but OTHER.
SECTION_OF_KIND = {
    "WARRANT": "warrant",
    "TRAVEL_BAN": "travel_ban",
    "PROTECTION_ORDER": "protection_order",
    "MISSING_PERSON": "missing_person",
    "MISSING_CHILD": "missing_person",
    "ESCAPE": "prison",
    "DOCUMENT": "document_alert",
    "DISCREET": "discreet_alert",
    "STOLEN_VEHICLE": "vehicle_alert",
    "STOLEN_PLATE": "vehicle_alert",
    "STOLEN_ENGINE": "vehicle_alert",
}
_OTHER = ("other_record", "vehicle_other_record")


def check_alert_sections(record: Record, codes: Mapping[str, Mapping[str, str]]) -> None:
    """Raises ValueError with the key and the rule that the record breaks."""
    sensitivities = _words(record.sensitivity, codes, "SENSITIVITY_")
    alert = record.alert
    kinds = [] if alert is None or alert.kind is None else _words(alert.kind, codes, "ALERT_KIND_")
    for kind in kinds:
        own = SECTION_OF_KIND.get(kind)
        if own != record.section and (own is not None or record.section not in _OTHER):
            belongs = own or " or ".join(_OTHER)
            raise ValueError(f"alert.kind: {kind} belongs to section {belongs}, not to {record.section}")
    if record.section == "discreet_alert" and "OPEN" in sensitivities:
        raise ValueError('sensitivity: a discreet alert is never OPEN: write sensitivity = "DISCREET"')
    protected = alert is not None and alert.protected
    if record.section == "protection_order" and "VICTIM" in sensitivities and not protected:
        raise ValueError(
            "sensitivity: VICTIM in section protection_order is the protected side, whose address is hidden: "
            "give it a record of its own, with alert = { protected = true, ... }"
        )


def _words(value: Value, codes: Mapping[str, Mapping[str, str]], prefix: str) -> list[str]:
    """Returns the word of a constant, or all words of its code map."""
    words = [value.const] if value.const is not None else list(codes.get(value.codes or "", {}).values())
    return [word.removeprefix(prefix) for word in words]
