"""Plates as clerks type them: blanks, lower case, a zero too many, the type left out."""

from __future__ import annotations

import numpy as np

from nation.columns import Column, array, compute

FAULT_SHARE = 0.12


def written_plate(plate: str, draw: float) -> str:
    """One plate ("P-720GVH"), faulty for draws below FAULT_SHARE."""
    kind, _, number = plate.partition("-")
    faults = [f"{kind}0-{number}", f"{kind} {number[:3]} {number[3:]}", plate.lower(), number]
    return faults[int(draw / FAULT_SHARE * len(faults))] if draw < FAULT_SHARE else plate


def fault_kind(draw: float) -> list[str]:
    """Returns the name in docs/damage.md of the fault that `written_plate` made of this draw; [] = none."""
    if draw >= FAULT_SHARE:
        return []
    return ["plate_untyped"] if int(draw / FAULT_SHARE * 4) == 3 else ["plate_spelled"]


def written_plates(types: Column, plates: Column, rng: np.random.Generator) -> Column:
    """A column of plates from their types and six characters, a share FAULT_SHARE of them faulty."""
    right = compute.binary_join_element_wise(types, plates, "-")
    faults = (
        compute.binary_join_element_wise(types, "0-", plates, ""),
        compute.binary_join_element_wise(
            types, compute.utf8_slice_codeunits(plates, 0, 3), compute.utf8_slice_codeunits(plates, 3, 6), " "
        ),
        compute.utf8_lower(right),
        plates,
    )
    kind = np.where(rng.random(len(plates)) < FAULT_SHARE, rng.integers(1, len(faults) + 1, len(plates)), 0)
    text = right
    for number, fault in enumerate(faults, 1):
        text = compute.if_else(array(kind == number), fault, text)
    return text
