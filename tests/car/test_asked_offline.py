"""A line typed off line is read as what it is, or asks nothing: "not listed" for a wrong key would hide one."""

from __future__ import annotations

import pytest

from clients.car.offline.canonical import asking_of
from clients.car.offline.countries import ALPHA_3
from clients.car.scanned import zone_cui

CUI, PLATE, VIN = "8750313310502", "P-323ZZB|GTM", "8AJWVT937KK900006"
BEHIND = " 7911026M3001019GTM<<<<<<<<<<<8 ZACHRISSON<URRUELA<<RAMIRO<ANS"
READ = {
    **dict.fromkeys(("dpi 8750313310502", "CUI:8750313310502", "dpi 8750 31331 0502", "lic 8750313310502"), CUI),
    **dict.fromkeys(("8750313310502 ramiro zachrisson", "ramiro zachrisson, dpi 8750 31331 0502"), CUI),
    "DNI 8750313310502": CUI,
    **dict.fromkeys(("placa P323ZZB", "PLA P323ZZB", "P323ZZB gris", "P 323 ZZB hilux", "GTM P-323ZZB"), PLATE),
    **dict.fromkeys((f"vin {VIN}", f"chasis: {VIN}", f"{VIN} toyota"), VIN),
    "HND F9900002": "HND:F9900002",
    "DNI 0801199012345": "HND:0801199012345",
    "GTM 875031331": "GTM:875031331",
}
UNREAD = (
    "nit 48770035", "pas F9900002", "DOC F9900002", "HON F9900002", "tel 59990001", "mot CAST0006ENG222",
    "vin KK900006", "dpi 875031331050", "pasaporte 8750313310502", "motor P323ZZB", "placa 8750313310502",
    "P323ZZB P101ZZB", f"P323ZZB {CUI}", "18750313310502", "km 142 RUT", "SLV ABC", "Ramiro Zachrisson", "",
)  # fmt: skip


@pytest.mark.parametrize("typed", READ)
def test_a_number_is_read_with_the_words_beside_it(typed: str) -> None:
    assert READ[typed] in asking_of(typed).keys


@pytest.mark.parametrize("typed", UNREAD)
def test_what_is_not_read_for_certain_asks_for_nothing(typed: str) -> None:
    assert asking_of(typed).keys == ()


@pytest.mark.parametrize(
    "letters", ["CUI", "DPI", "NIT", "PAS", "DOC", "VIN", "PLA", "TEL", "MOT", "LIC", "CED", "HON"]
)
def test_a_word_of_three_letters_is_no_country(letters: str) -> None:
    assert letters not in ALPHA_3


@pytest.mark.parametrize(
    "first",
    [
        "IDGTM8750313310502<<<<<<<<<<<<",  # the number runs on
        "IDGTM875031331<0502<<<<<<<<<<<",  # ICAO 9303: a filler for the check digit,
        "IDGTM875031331<05021<<<<<<<<<<",  # and that of the whole number at its end
        "IDGTM87503133130502<<<<<<<<<<<",  # the check digit of the nine
        "IDGTM01234567848750313310502<<",  # another number, the CUI in the optional data
        "IDGTM87503133138750313310502<<",
        "IDGTM0716323361204<<<<<<<<<<<<",  # the next digit is what the check digit would be
        "IDGTM07163233611204<<<<<<<<<<<",
    ],
)
def test_a_scanned_card_is_its_cui(first: str) -> None:
    assert zone_cui(first) in (CUI, "0716323361204")
    assert asking_of(first + BEHIND).keys == (zone_cui(first),)


def test_a_zone_of_no_guatemalan_card_asks_for_nothing() -> None:
    for zone in ("IDGTM8750313320502<<<<<<<<<<<<" + BEHIND, "I<SLV012345678<9<<<<<<<<<<<<<<" + BEHIND, "IDGTM"):
        assert asking_of(zone).keys == ()
