"""A name is asked whole, without the words that no name holds, and no surname is taken for a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ronda.v1 import check_service_pb2 as checks

if TYPE_CHECKING:
    from tests.box.cast import Cast

NAME = "RAMIRO ZACHRISSON"
BESIDE_A_NAME = (
    "ramiro zachrisson alias el chino", "ramiro zachrisson, alias chino", '"ramiro zachrisson" alias "el chino"',
    "ramiro zachrisson (el chino)", 'ramiro zachrisson "el chino"', "ramiro (a) el chino zachrisson",
    'ramiro "el chino" zachrisson', "ramiro zachrisson a.k.a. chino", "ramiro zachrisson apodado el chino",
    "ramiro zachrisson conocido como el chino", "ramiro zachrisson prófugo de la justicia", "ramiro zachrisson ebrio",
    "ramiro zachrisson en estado de ebriedad", "ramiro zachrisson no trae licencia", "ramiro zachrisson no porta dpi",
    "RAMIRO ZACHRISSON DPI NO PORTA", "no trae dpi, ramiro zachrisson", "sin documentos ramiro zachrisson",
    "sin dpi, dice llamarse ramiro zachrisson", "no porta documentos dice ser ramiro zachrisson",
    "indocumentado ramiro zachrisson", "manifiesta llamarse ramiro zachrisson",
    "responde al nombre de ramiro zachrisson",
    "piloto ramiro zachrisson", "copiloto: ramiro zachrisson", "acompañante ramiro zachrisson",
    "chofer de camion ramiro zachrisson", "don ramiro zachrisson", "lic. ramiro zachrisson", "ing ramiro zachrisson",
    "ramiro zachrisson guatemalteco", "ramiro zachrisson masculino 47", "ramiro zachrisson, 47",
    "10-29 ramiro zachrisson", "ramiro zachrisson mayor de edad", "ramiro zachrisson, soltero, comerciante",
    "ramiro zachrisson moreno alto", "ramiro zachrisson, moreno", "menor ramiro zachrisson",
)  # fmt: skip
WHOLE = (
    "GASPAR MIGUEL MORENO ESCALANTE", "HILDA REGINA MORENO", "JUAN CARLOS MORENO DELGADO", "PABLO CASADO LOPEZ",
    "ANA LUCIA SOLTERO CASADO", "JUAN CARLOS CALLE PEREZ", "JOSE ANTONIO NIÑO PEREZ", "JUAN LUIS MAYOR LOPEZ",
    "NIÑO PEREZ JOSE", "ANA MARIA BARRIO",
)  # fmt: skip


def asked(cast: Cast, text: str) -> str:
    [kind] = cast.check(text).detected
    assert kind.kind == checks.IDENTIFIER_KIND_NAME
    return kind.canonical


@pytest.mark.parametrize("text", BESIDE_A_NAME)
def test_words_beside_a_name_are_left_out(cast: Cast, text: str) -> None:
    """With one of them in the name a wanted man was "nombre no consta"."""
    assert asked(cast, text) == NAME


@pytest.mark.parametrize("text", WHOLE)
@pytest.mark.parametrize("born", ["", " 13/02/1992"])
def test_no_surname_is_dropped(cast: Cast, text: str, born: str) -> None:
    """Asked without MORENO, another with the same given names and birth date was found for certain."""
    whole = (text + born.replace("/", " ")).strip()
    assert asked(cast, text + born) == whole
    assert asked(cast, (text + born).lower()) == whole


@pytest.mark.parametrize("given", ["MERCEDES", "BLANCA CELESTE", "ROSA"])
def test_a_given_name_behind_the_comma_is_no_make_or_colour(cast: Cast, given: str) -> None:
    assert asked(cast, f"PEREZ LOPEZ, {given} 13/02/1992") == f"PEREZ LOPEZ {given} 13 02 1992"
    assert asked(cast, "PEREZ LOPEZ, JUAN, toyota gris") == "PEREZ LOPEZ JUAN"


@pytest.mark.parametrize("text", ["vin terminacion 900006", "chasis terminacion 900006"])
def test_a_word_beside_a_tail_is_no_part_of_a_vin(cast: Cast, text: str) -> None:
    assert [(each.kind, each.canonical) for each in cast.check(text).detected] == [
        (checks.IDENTIFIER_KIND_CHASSIS_TAIL, "900006")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "papa tres veintitrés zulu zulu bravo",
        "papa trescientos veintitrés zulu zulu bravo",
    ],
)
def test_numbers_in_one_word_are_spelled_numbers(cast: Cast, text: str) -> None:
    assert [each.canonical for each in cast.check(text).detected] == ["P-323ZZB"]


@pytest.mark.parametrize("born", ["1998", "18marzo2013", "8octubre1988", "17JUN1990", "14/3.1980"])
def test_a_date_behind_a_name_is_no_passport(cast: Cast, born: str) -> None:
    """It was asked as the passport's number: "documento no consta" of somebody who is on file."""
    assert asked(cast, f"pasaporte {NAME} {born}").startswith(f"PASAPORTE {NAME} ")
