"""Reports about vehicles as clerks hurt them: plates, VINs, plates over time. Kinds: docs/damage.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from nation import days
from nation.fleet import PLATE_TYPES
from nation.register_rvr import Theft, Thefts, theft_of
from nation.world import World

_TYPE_WORDS = {"P": "PARTICULAR", "M": "MOTO", "C": "COMERCIAL", "A": "ALQUILER"}
_VIN_LENGTH = 17


@dataclass
class Yard:
    """The maker of damaged reports, about vehicles without other reports."""

    world: World
    thefts: Thefts
    rng: np.random.Generator
    vehicles: list[int]  # shuffled; taken from the end
    made: int = 0

    def report(self, *damage: str) -> tuple[Theft, int]:
        """A new report that says all of the next vehicle, and the vehicle."""
        vehicle = self.vehicles.pop()
        day = self.world.plan.today - int(self.rng.integers(5, 200))
        return self.of(vehicle, day, *damage), vehicle

    def of(self, vehicle: int, day: int, *damage: str) -> Theft:
        """A new report about a vehicle."""
        self.made += 1
        report = f"RVR-{days.date(day).year}-D{self.world.plan.index * 1_000 + self.made:06d}"
        theft = theft_of(self.world, vehicle, report, day)
        theft.damage = list(damage)
        self.thefts.vehicles.append(theft)
        return theft

    def plate(self, vehicle: int) -> str:
        """The plate that a vehicle bears."""
        fleet = self.world.fleet
        return f"{PLATE_TYPES[fleet.plate_type[vehicle]]}-{fleet.plate[vehicle].as_py()}"


def _written_plate(yard: Yard, kind: str, forms: list[str]) -> None:
    theft, _ = yard.report(kind)
    type_, number = theft.plate.split("-")
    form = forms[int(yard.rng.integers(0, len(forms)))]
    theft.plate = form.format(t=type_, n=number, word=_TYPE_WORDS.get(type_, type_), o=_letters_for_digits(number))
    theft.vin = theft.engine = ""


def _letters_for_digits(number: str) -> str:
    return number[:3].replace("0", "O").replace("1", "I") + number[3:]


def _untyped(yard: Yard) -> None:
    theft, _ = yard.report("plate_untyped")
    theft.plate, theft.engine = theft.plate.split("-")[1], ""


def _other_character(text: str, place: int) -> str:
    alphabet = "0123456789" if text[place].isdigit() else "BCDFGHJKLMNPRSTVWXYZ"
    return text[:place] + alphabet[(alphabet.index(text[place]) + 3) % len(alphabet)] + text[place + 1 :]


def _plate_wrong(yard: Yard, *, alone: bool) -> None:
    theft, _ = yard.report("plate_char_wrong_alone" if alone else "plate_char_wrong")
    theft.plate, theft.engine = _other_character(theft.plate, theft.plate.index("-") + 2), ""
    if alone:
        theft.vin = ""


def _vin(yard: Yard, kind: str) -> None:
    theft, vehicle = yard.report(kind)
    vin = theft.vin
    while len(vin) != _VIN_LENGTH or (kind == "vin_look_alike" and not set(vin) & {"0", "1"}):
        yard.thefts.vehicles.pop()
        theft, vehicle = yard.report(kind)
        vin = theft.vin
    theft.engine = ""
    if kind in ("vin_spelled", "vin_look_alike"):
        theft.plate = ""
    if kind == "vin_spelled":
        theft.vin = [f"*{vin}*", f"{vin[:3]} {vin[3:9]} {vin[9:]}", vin.lower(), f"{vin[:9]}-{vin[9:]}"][vehicle % 4]
    elif kind == "vin_look_alike":
        theft.vin = vin.replace("0", "OQ"[vehicle % 2]).replace("1", "I")
    elif kind == "vin_char_wrong":
        theft.vin = _other_character(vin, 14)
    elif kind == "vin_cut":
        theft.vin = vin[-8:]
    elif kind == "vin_other_vehicle":
        theft.vin = yard.world.fleet.vin[yard.vehicles.pop()].as_py()
    else:  # field_exchanged
        theft.plate, theft.vin = vin, ""


def _undated(yard: Yard) -> None:
    theft, _ = yard.report("plate_undated")
    theft.vin = theft.engine = ""
    theft.day_written = "SIN DATO"


def _borne_then(yard: Yard) -> None:
    """Reports by plate alone, of a day on which another vehicle bore it than today."""
    former = yard.world.former_plates
    free = set(yard.vehicles)
    for place in yard.rng.permutation(len(former.vehicle)).tolist():
        vehicle = int(former.vehicle[place])
        if vehicle in free and former.until[place] - former.since[place] > 60:
            yard.vehicles.remove(vehicle)
            theft = yard.of(vehicle, int(former.since[place] + 30), "plate_dated")
            theft.plate = f"{PLATE_TYPES[former.plate_type[place]]}-{former.plate[place].as_py()}"
            theft.vin = theft.engine = ""
            return


def _engine(yard: Yard) -> None:
    theft, _ = yard.report("engine_only")
    theft.plate = theft.vin = ""


VEHICLES: dict[str, Callable[[Yard], None]] = {
    "plate_spelled": partial(
        _written_plate, kind="plate_spelled", forms=["{t} {n}", "{t}0-{n}", "{t}{n}", " {t}-{n} "]
    ),
    "plate_look_alike": partial(_written_plate, kind="plate_look_alike", forms=["{t}-{o}", "{t}{o}"]),
    "plate_type_word": partial(
        _written_plate,
        kind="plate_type_word",
        forms=["{word} {n}", "{n}-{t}", "{t}{t}-{n}", "{t} {t}{n}", "PLACA {t}-{n}"],
    ),
    "plate_country": partial(
        _written_plate, kind="plate_country", forms=["{t}-{n} GT", "{t}-{n} GUA", "{t}-{n} GUATEMALA"]
    ),
    "plate_untyped": _untyped,
    "plate_char_wrong": partial(_plate_wrong, alone=False),
    "plate_char_wrong_alone": partial(_plate_wrong, alone=True),
    "vin_spelled": partial(_vin, kind="vin_spelled"),
    "vin_look_alike": partial(_vin, kind="vin_look_alike"),
    "vin_char_wrong": partial(_vin, kind="vin_char_wrong"),
    "vin_other_vehicle": partial(_vin, kind="vin_other_vehicle"),
    "vin_cut": partial(_vin, kind="vin_cut"),
    "field_exchanged": partial(_vin, kind="field_exchanged"),
    "plate_undated": _undated,
    "plate_dated": _borne_then,
    "engine_only": _engine,
}
