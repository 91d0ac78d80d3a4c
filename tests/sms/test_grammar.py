"""An officer's message is read as it was meant; one that is no question is read as none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.sms.grammar import LONGEST, Kind, read_message
from clients.sms.questions import ASKED, question_of
from ronda.v1 import context_pb2

READ = [
    ("P 2357 11136 0101", Kind.CUI, "2357111360101"),
    ("p2357111360101", Kind.CUI, "2357111360101"),
    ("2357-11136-0101", Kind.CUI, "2357111360101"),
    (" DPI: 2357 11136 0101 ", Kind.CUI, "2357111360101"),
    ("P 23571113601012", Kind.CUI, "23571113601012"),  # one digit too many: the server says so
    ("P-123BCD", Kind.PLATE, "P123BCD"),
    ("p 123 bcd", Kind.PLATE, "P123BCD"),
    ("P0-720GVH", Kind.PLATE, "P0720GVH"),
    ("m123bcd", Kind.PLATE, "M123BCD"),
    ("v p–123 bcd", Kind.PLATE, "P123BCD"),
    ("V 123ABC", Kind.PLATE, "123ABC"),
    ("vp123bcd", Kind.PLATE, "P123BCD"),
    ("placa p-123 bcd", Kind.PLATE, "P123BCD"),
    ("P123BCD gris", Kind.PLATE, "P123BCD"),  # what was seen is not asked
    ("v p 123 bcd toyota gris", Kind.PLATE, "P123BCD"),
    ("Placa P-123BCD, toyota hilux.", Kind.PLATE, "P123BCD"),
    ("V 123BCD MIA", Kind.PLATE, "123BCD"),
    ("dpi 2357111360101 ramiro", Kind.CUI, "2357111360101"),
    ("Chasis: 3A004352", Kind.CHASSIS, "3A004352"),
    ("licencia 2357111360101", Kind.CUI, "2357111360101"),  # a Guatemalan licence bears the CUI
    ("licencia A1234567", Kind.LICENCE, "A1234567"),
    ("nombre José Núñez", Kind.NAME, "Jose Nuñez"),
    ("C 123BCD", Kind.PLATE, "C123BCD"),  # a commercial plate, no chassis
    ("C 1HGCM82633A004352", Kind.VIN, "1HGCM82633A004352"),
    ("c 3A004352", Kind.CHASSIS, "3A004352"),
    ("L 2357111360101", Kind.CUI, "2357111360101"),
    ("CED A-1 12345", Kind.CEDULA, "A-1 12345"),
    ("cédula Ñ-15 12345", Kind.CEDULA, "Ñ-15 12345"),
    ("1234567K", Kind.NIT, "1234567K"),  # no plate: a plate has three letters
    ("1234567-8", Kind.NIT, "1234567-8"),
    ("nit 12345678", Kind.NIT, "12345678"),
    ("N José Núñez", Kind.NAME, "Jose Nuñez"),
    ("más", Kind.MORE, ""),
    ("MAS 4711", Kind.MORE, "4711"),
    ("mas r4711", Kind.MORE, "4711"),
    ("fin", Kind.SIGN_OFF, ""),
    ("P323ZZB gris", Kind.PLATE, "P323ZZB"),
    ("V P323ZZB toyota hilux gris 2019", Kind.PLATE, "P323ZZB"),
    ("Placa P-323ZZB toyota", Kind.PLATE, "P323ZZB"),
    ("placa p 323 zzb, gris", Kind.PLATE, "P323ZZB"),
    ("carro P323ZZB por favor", Kind.PLATE, "P323ZZB"),
    ("dpi 8750 31331 0502 ramiro zachrisson", Kind.CUI, "8750313310502"),
]


@pytest.mark.parametrize(("text", "kind", "value"), READ)
def test_a_question_is_read(text: str, kind: Kind, value: str) -> None:
    found = read_message(text)
    assert found is not None and (found.kind, found.value, found.pin) == (kind, value, "")


@pytest.mark.parametrize(("text", "kind", "value"), READ)
@pytest.mark.parametrize("before", ["123456 ", "pin 123456: ", "PIN123456, "])
def test_a_question_behind_a_pin_is_the_same(text: str, kind: Kind, value: str, before: str) -> None:
    found = read_message(before + text.strip())
    assert found is not None and (found.kind, found.value, found.pin) == (kind, value, "123456")


@pytest.mark.parametrize("asked", ["V P323ZZB", "p 2357 11136 0101", "placa P323ZZB", "N José Núñez"])
def test_a_pin_without_a_blank_behind_it(asked: str) -> None:
    alone, both = read_message(asked), read_message(f"123456{asked}")
    assert alone is not None and both is not None
    assert (both.kind, both.value, both.pin) == (alone.kind, alone.value, "123456")


@pytest.mark.parametrize("text", ["PIN 123456", "pin:123456", "Clave 123456"])
def test_a_pin_alone(text: str) -> None:
    found = read_message(text)
    assert found is not None and (found.kind, found.pin) == (Kind.SIGN_IN, "123456")


def test_a_new_pin() -> None:
    found = read_message("Cambio de PIN 123456 918273")
    assert found is not None and (found.kind, found.pin, found.value) == (Kind.CHANGE_PIN, "123456", "918273")


@pytest.mark.parametrize(
    ("text", "name", "born"),
    [
        ("N Chepe Ernández Kej 1985", "Chepe Ernandez Kej", "1985"),
        ("n maria de la cruz, 14/03/1988", "maria de la cruz", "14/03/1988"),
        ("N Ana Xicay", "Ana Xicay", ""),
    ],
)
def test_a_name_with_what_is_known_of_its_birth(text: str, name: str, born: str) -> None:
    found = read_message(text)
    assert found is not None and (found.kind, found.value, found.born) == (Kind.NAME, name, born)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "hola", "gracias", "Nancy llega tarde", "N", "N 12", "P", "P 123", "V hola", "😀", "123456",
        "123456 hola", "12345", "ROJO Juan Perez. R4711 MAS", "SIN RESPUESTA: no es verde, repita R12", "MASA",
        "placa", "placa hola", "P123BCD y P456FGH", "nombre", "vin de la casa", "123456P",
        "\x00\x01", "P " * 500, "V P123BCD" + " " * LONGEST, "٢٣٥٧١١١٣٦٠١٠١",
    ],
)  # fmt: skip
def test_what_is_no_question_is_none(text: str) -> None:
    assert read_message(text) is None


@given(st.text(max_size=250) | st.text(alphabet="PNVCLMAS CED0123456789-ÑKR", max_size=40))
def test_any_text_is_read_or_not_and_its_question_is_one_of_a_traffic_stop(text: str) -> None:
    found = read_message(text)
    if found is None or found.kind not in ASKED:
        return
    question = question_of(found, "0123456789abcdef", 1_800_000_000.25)
    assert question.request.context.purpose == context_pb2.PURPOSE_TRAFFIC_STOP
    again = question_of(found, "0123456789abcdef", 1_800_000_000.25)
    assert question.request.SerializeToString() == again.request.SerializeToString()


@given(
    st.from_regex(r"[0-9]{13}", fullmatch=True),
    st.from_regex(r"(TCE|TRC|MT|CD|P|C|M|)0?[0-9]{3}[A-Z]{3}", fullmatch=True),
)
def test_what_is_read_at_once_is_what_is_read_step_by_step(cui: str, plate: str) -> None:
    for at_once, step_by_step in ((f"P {cui}", f"P: {cui}"), (cui, f"CUI {cui}"), (f"v {plate}", f"V. {plate}")):
        assert read_message(at_once) == read_message(step_by_step), at_once


FORMS = [
    "{pin} {asked}", "PIN {pin} {asked}", "pin{pin},{asked}", "CLAVE: {pin} {asked}", "clave{pin} {asked}",
    "{asked} {pin}", "{asked} PIN {pin}", "{asked}, clave {pin}", "{asked}{pin}", "{pin}{asked}", "PIN{pin}{asked}",
    "CAMBIO {pin} {asked}", "CAMBIO {pin} A {asked}", "cambiar de pin {pin} por {asked}", "{pin}-{asked}",
    "P {pin} {asked}", "L {pin} {asked}", "C {pin} {asked}", "V {pin} {asked}", "N {pin} {asked}", "CED {pin} {asked}",
    "C {pin}.{asked}", "NIT {pin} {asked}", "MAS {pin} {asked}",
]  # fmt: skip


@given(st.from_regex(r"[0-9]{6,12}", fullmatch=True), st.sampled_from([text for text, *_ in READ]))
@example("000000000", "MAS 4711")
def test_a_pin_is_never_part_of_a_question(pin: str, asked: str) -> None:
    if pin in "".join(letter for letter in asked if letter.isdigit()):
        return
    for form in FORMS:
        if form == "{asked}{pin}" and asked.lower().startswith(("c ", "chasis", "licencia a", "mas ")):
            continue  # nothing parts them: it is a chassis or licence number, or a CUI, of that length
        found = read_message(form.format(pin=pin, asked=asked))
        if found is not None and found.kind in ASKED:
            assert pin not in found.value and pin not in found.born, form


@pytest.mark.parametrize(
    "text",
    [
        "CAMBIO 123456 A 654321", "CED A-112345", "CASA 14 ZONA 5", "LA 14 CALLE", "PIN 12345 V P123BCD",
        "123456 1234567", "Voy 5 km",
        "estoy a 200 mts", "P323ZZB P101ZZB", "P323ZZB 8750313310502", "P323ZZB zona 18",
        "P 2357111360101 123456", "Clave 12 C 3A004352",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_question_is_none(text: str) -> None:
    assert read_message(text) is None


def test_a_message_shows_nothing_of_itself() -> None:
    found = read_message("123456 P 2357111360101")
    assert found is not None and "2357" not in repr(found) and "123456" not in repr(found)
