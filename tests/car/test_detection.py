"""Kinds are recognised while the officer types."""

from __future__ import annotations

import pytest

from clients.car.detection import likely_kind

KINDS = {
    "": "",
    "   ": "",
    "2357 11136 0101": "CUI",
    "2357111360101": "CUI",
    "2357111460101": "CUI: revise, un dígito no cuadra",
    "23571113": "teléfono o NIT",
    "2357111360": "¿CUI? 10 de 13 dígitos",
    "481646450": "¿CUI? 9 de 13 dígitos",
    "48164645K": "NIT",
    "1234567-k": "NIT",
    "p-323zzb": "placa P",
    "P0-720GVH": "placa P",
    "mt 123 bcd": "placa MT",
    "123BCD": "placa sin tipo: agregue la letra",
    "P-12?ZZB": "placa parcial",
    "A-1 123456": "cédula",
    "Ñ-15 99": "cédula",
    "MMB24HBK1CK900001": "VIN o chasis",
    "A99000001": "documento, licencia o chasis",
    "Zachrisson": "nombre: agregue apellido",
    "Ramiro Zachrisson": "nombre",
    "Chepe Ernández Kej 1985": "nombre y nacimiento",
    "Chepe Ernández 14/03/1988": "nombre y nacimiento",
}


@pytest.mark.parametrize("text", KINDS)
def test_each_kind(text: str) -> None:
    assert likely_kind(text) == KINDS[text]


def test_any_text_is_taken() -> None:
    for text in ("\x00", "🚓" * 50, "?" * 200, "a" * 10_000, "١٢٣٤٥٦٧٨٩٠١٢٣", "²²²²²²²²", "K"):
        assert isinstance(likely_kind(text), str)
