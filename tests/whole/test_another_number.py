"""An order hides the victim's address under every number that may be the victim's, from the day it is issued."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

BORN = "1980-05-17"
TOMORROW, AFTER = (f"{datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=d):%Y-%m-%d}" for d in (2, 400))
# what the order states of her, whom only a NIT with her name and address is known to own the car
# -> whether that address is hidden
ORDERS: dict[str, tuple[tuple[str, ...], bool]] = {
    "no order": ((), False),
    "her CUI": (("CUI",), True),
    "her CUI and name": (("CUI", "NOMBRE"), True),
    "her CUI, name and birth date": (("CUI", "NOMBRE", "NACIMIENTO"), True),
    "her CUI, but revoked": (("CUI", "REVOKED"), False),
    "her NIT, the car is her CUI's": (("NIT",), True),
    "her NIT and name, the car is her CUI's": (("NIT", "NOMBRE"), True),
    "a namesake's CUI, the car is her CUI's": (("NAMESAKE",), False),
}
SURNAMES = (
    *("ABAC TZUL", "BATZ QUEJ", "CHIROY SOLIS", "DUBON ESCALANTE"),
    *("FIGUEROA GALVEZ", "HERRARTE IBOY", "JUAREZ KESTLER", "LEMUS MORAN"),
)


def nit_of(number: int) -> str:
    """A NIT with a right check character."""
    digits = str(7_710_000 + number)
    check = -sum(int(digit) * (len(digits) + 1 - place) for place, digit in enumerate(digits)) % 11
    return digits + ("K" if check == 10 else str(check))


class Taxpayers(SmallWorld):
    """RENAP and SAT know a NIT as well as a CUI; orders begin on a day."""

    def build(self, directory: Path) -> Path:
        with pytest.MonkeyPatch.context() as patched:
            cui = 'cui = "CUI"\n'
            renap = small_world.RENAP.replace(cui, cui + 'nit = "NIT"\n').replace('"document"]', '"document", "nit"]')
            patched.setattr(small_world, "RENAP", renap)
            patched.setattr(small_world, "SAT", small_world.SAT.replace(cui, cui + 'nit = "NIT"\n'))
            reports = small_world.MP.replace(cui, cui + 'nit = "NIT"\n')
            reports = reports.replace('valid_to = "HASTA"', 'valid_from = "DESDE"\nvalid_to = "HASTA"')
            patched.setattr(small_world, "MP", reports)
            more = {"renap": " NIT", "sat": " NIT", "mp": " NIT DESDE", "oj": ""}
            patched.setattr(small_world, "HEADERS", {n: small_world.HEADERS[n] + more[n] for n in more})
            return super().build(directory)


def written() -> Taxpayers:
    world = Taxpayers()
    for number, ((stated, _), surnames) in enumerate(zip(ORDERS.values(), SURNAMES, strict=True), 1):
        name, nit = f"ANA LUCIA {surnames}", nit_of(number)
        own = world.person(number, name, BORN, CALLE=f"DE {number}" if "NIT" in stated or "NAMESAKE" in stated else "")
        world.person(number + 100, name, BORN, CUI="", NIT=nit, CALLE="" if "NIT" in stated else f"DE {number}")
        other = world.person(number + 200, name, "1950-01-02") if "NAMESAKE" in stated else ""
        by_cui = "NIT" in stated or "NAMESAKE" in stated
        world.car(number, f"P-{number:03}BCD", [{"CUI": own} if by_cui else {"NIT": nit}])
        cells = {"CUI": own, "NIT": nit, "NOMBRE": name, "NACIMIENTO": BORN}
        if stated:
            order = {key: cells[key] for key in stated if key in cells} | ({"CUI": other} if other else {})
            world.report(f"O{number}", "VICTIMA", **order, ESTADO="CANCELADA" if "REVOKED" in stated else "PENDIENTE")
    for number, order in ((50, {"CUI": "own"}), (51, {"NOMBRE": "name"}), (52, {})):
        name = f"BERTA INES {('PALENCIA QUIROA', 'ROSALES SAGASTUME', 'TARACENA WONG')[number - 50]}"
        own = world.person(number, name, BORN, CALLE=f"DE {number}")
        world.car(number, f"P-{number:03}BCD", [{"CUI": own}])
        if order:
            told = {key: {"own": own, "name": name}[value] for key, value in order.items()}
            world.report(f"O{number}", "VICTIMA", **told, DESDE=TOMORROW, HASTA=AFTER)
    return world


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from written().serve(tmp_path_factory.mktemp("numbers"))


def seen(asker: Asker, number: int) -> bool:
    """Returns whether the address is shown by the plate, or by the subject id that the plate gave."""
    request = checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")
    (owner,) = asker(request).vehicle.owners
    listed = checks.ListRecordsRequest(subject_id=owner.person.subject_id, section=section_pb2.SECTION_ADDRESS)
    street = f"DE {number}".encode()
    by_plate, by_list = street in asker.raw(request), street in asker.raw(listed)
    assert by_plate == by_list
    return by_plate


@pytest.mark.parametrize("case", ORDERS)
def test_an_order_hides_her_under_another_number(asker: Asker, case: str) -> None:
    assert seen(asker, list(ORDERS).index(case) + 1) != ORDERS[case][1]


def test_an_order_that_is_to_begin_hides_already(asker: Asker) -> None:
    assert [seen(asker, number) for number in (50, 51, 52)] == [False, False, True]
