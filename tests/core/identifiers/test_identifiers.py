"""core.identifiers.api against its naive twin, python-stdnum, phonenumbers, the collected vectors, and by example."""

from __future__ import annotations

import csv
from pathlib import Path

import phonenumbers
import pytest
import stdnum.gt.nit
from hypothesis import example, given
from hypothesis import strategies as st

from core.free_text.detection import detect
from core.identifiers import api as identifiers
from core.identifiers.kinds import IdentifierKind as Kind
from core.identifiers.types import IdentifierError
from tests.core.identifiers import naive_identifiers, naive_shown, naive_slips
from tests.kit.strategies import identifier_texts, texts, written_texts

CHECKED = [kind for kind in Kind if kind is not Kind.NAME]
COUNTRIES = st.sampled_from(["", "GTM", "SLV", "mex", "S", "12A", "É"])


def read_vectors() -> list[dict[str, str]]:
    path = Path(__file__).parents[2] / "data" / "id_vectors.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def outcome(call: object, *arguments: object) -> object:
    """Returns what a call gives or, for a refusal, its rule."""
    try:
        return call(*arguments)  # type: ignore[operator]
    except IdentifierError as error:
        return error.rule


@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: f"{vector['kind']}:{vector['input']}")
def test_vector(vector: dict[str, str]) -> None:
    kind, text, expected = vector["kind"], vector["input"], vector["expected"]
    if kind == "vin":
        # A check digit of a VIN is a warning, no refusal (outside North America it need not hold).
        assert identifiers.canonical(Kind.VIN, text) == text
        assert ("ok" if identifiers.vin_check_digit_valid(text) else "checksum") == expected
    elif expected == "A-1":
        # A cédula of which only the orden can be read: no identifier, for many persons would share it.
        assert identifiers.cedula_orden(text) == expected
        assert identifiers.problem(Kind.CEDULA, text) == "length"
    elif kind in ("placa", "cedula") and expected != "ok":
        assert identifiers.canonical(Kind.PLATE if kind == "placa" else Kind.CEDULA, text) == expected
    else:
        assert (identifiers.problem(Kind[kind.upper()], text) or "ok") == expected


@given(st.sampled_from(CHECKED), identifier_texts)
@example(Kind.NIT, "0000000000000000000000000000000000576937K")
@example(Kind.NIT, "00000000000000000000000000000000000576937K")
@example(Kind.CEDULA, "N-15 4567")
@example(Kind.CEDULA, "A-1 12345678")
@example(Kind.PLATE, "P-123456")
@example(Kind.PLATE, "P-12?BCD")
def test_canonical_text_equals_the_naive_twin(kind: Kind, text: str) -> None:
    assert outcome(identifiers.canonical, kind, text) == outcome(naive_identifiers.canonical, kind, text)
    assert identifiers.problem(kind, text) == naive_identifiers.problem(kind, text)


@given(st.sampled_from(CHECKED), written_texts)
@example(Kind.NIT, "395255030.0")
@example(Kind.LICENCE, "LICENCIA TIPO C 1580352240101")
def test_as_written_equals_the_naive_twin(kind: Kind, text: str) -> None:
    assert outcome(identifiers.canonical, kind, text) == outcome(naive_identifiers.canonical, kind, text)
    assert identifiers.read_otherwise(kind, text) == naive_identifiers.read_otherwise(kind, text)
    assert identifiers.cui_digits(text) == naive_identifiers.cui_digits(text)
    assert identifiers.shown_cuis(text) == naive_shown.shown_cuis(text)
    assert identifiers.shown_plates(text) == naive_shown.shown_plates(text)
    assert detect(text) == naive_identifiers.detect(text)
    if identifiers.problem(kind, text) is None:
        canonical = identifiers.canonical(kind, text)
        assert identifiers.canonical(kind, canonical) == canonical
        assert not identifiers.read_otherwise(kind, canonical)


@given(st.sampled_from(CHECKED), identifier_texts)
def test_canonical_text_is_its_own_canonical_text(kind: Kind, text: str) -> None:
    if identifiers.problem(kind, text) is None:
        canonical = identifiers.canonical(kind, text)
        assert identifiers.canonical(kind, canonical) == canonical


@given(identifier_texts, COUNTRIES)
@example("\u0418", "GTM")
@example("P123\u040f", "GTM")
def test_plates_documents_and_registers_digits_equal_the_naive_twin(text: str, country: str) -> None:
    for function in ("plate", "document"):
        arguments = (text, country) if function == "plate" else (country, text)
        expected = outcome(getattr(naive_identifiers, function), *arguments)
        assert outcome(getattr(identifiers, function), *arguments) == expected
    for function in ("cui_digits", "is_vin", "vin_check_digit_valid", "cedula_orden", "country_code"):
        assert outcome(getattr(identifiers, function), text) == outcome(getattr(naive_identifiers, function), text)
    assert outcome(identifiers.plate_misreads, text) == outcome(naive_slips.plate_misreads, text)


@given(st.one_of(identifier_texts, texts), COUNTRIES)
@example("Ana Pérez Lemus 1985", "")
@example("A123456", "")
@example("PASAPORTE B1234567", "")
@example("hondure\u00f1o B1234567", "GTM")
@example("chasis 8AJWVT937KK900006", "")
@example("1587564440940", "")
def test_detection_equals_the_naive_twin(text: str, country: str) -> None:
    assert outcome(detect, text, country) == outcome(naive_identifiers.detect, text, country)


@given(st.sampled_from([Kind.CUI, Kind.NIT, Kind.VIN, Kind.PLATE]), identifier_texts)
@example(Kind.CUI, "1587564440940")
@example(Kind.CUI, "158756444094")
@example(Kind.CUI, "15875644440940")
@example(Kind.CUI, "0158756444094")
@example(Kind.VIN, "1M8GDM9AXKP042787")
def test_suggestions_equal_the_naive_twin(kind: Kind, text: str) -> None:
    assert identifiers.suggest(kind, text) == naive_slips.suggest(kind, text)


@given(st.from_regex(r"\A[0-9]{1,13}[-]?[0-9Kk]?\Z"))
@example("116324611010")  # a CUI that lost its zero is put right as a CUI only
def test_python_stdnum_agrees_on_nits(text: str) -> None:
    problem = identifiers.problem(Kind.NIT, text)
    if identifiers.problem(Kind.CUI, text) is None and len(text.replace("-", "")) == 13:
        assert problem is None  # since 2025 a national's CUI is the NIT; python-stdnum does not know
    else:
        assert (problem is None) == stdnum.gt.nit.is_valid(text)
        if problem is None:
            assert identifiers.canonical(Kind.NIT, text) == stdnum.gt.nit.compact(text)


@given(st.text("0123456789", min_size=1, max_size=11))
def test_python_stdnum_gives_the_check_digit_of_a_nit(number: str) -> None:
    nit = number.lstrip("0") or "1"
    nit += stdnum.gt.nit.calc_check_digit(nit)
    assert identifiers.canonical(Kind.NIT, nit) == nit


@given(st.from_regex(r"\A(\+?502 ?)?[2-8][0-9]{3}-?[0-9]{4}\Z"))
def test_phonenumbers_agrees_on_telephones(text: str) -> None:
    number = phonenumbers.parse(text, "GT")
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    known = phonenumbers.number_type(number) in kinds
    assert (identifiers.problem(Kind.TELEPHONE, text) is None) == known
    if known:
        assert identifiers.canonical(Kind.TELEPHONE, text) == str(number.national_number)


@pytest.mark.parametrize(
    ("query", "country", "kinds"),
    [
        ("1587 56444 0904", "", [Kind.CUI]),
        ("3952550-3", "", [Kind.NIT, Kind.TELEPHONE]),
        ("576937-K", "", [Kind.NIT]),
        ("1234567K", "", [Kind.DOCUMENT_NUMBER, Kind.LICENCE, Kind.CHASSIS_TAIL, Kind.ENGINE]),
        ("+502 5555-1234", "", [Kind.TELEPHONE]),
        ("A-1 123456", "", [Kind.CEDULA]),
        ("p 123 bcd", "", [Kind.PLATE]),
        ("123bcd", "", [Kind.PLATE]),
        ("1M8GDM9AXKP042788", "", [Kind.VIN]),
        ("KP042788", "", [Kind.DOCUMENT_NUMBER, Kind.LICENCE, Kind.CHASSIS_TAIL, Kind.ENGINE]),
        ("SLV:A123456", "", [Kind.DOCUMENT, Kind.PLATE]),
        ("A123456", "SLV", [Kind.DOCUMENT, Kind.PLATE]),
        ("158756444", "GTM", [Kind.NIT, Kind.DOCUMENT]),
        ("P-123BCD", "GTM", [Kind.PLATE]),
        ("Ana Pérez Lemus 1985", "", [Kind.NAME]),
        ("Ana Pérez", "SLV", [Kind.NAME]),
        ("1587564440940", "", []),
        ("", "", []),
        ("¿?", "", []),
        ("Владимир Кузнецов", "", [Kind.NAME]),
        ("Владимир Кузнецов 1952", "", [Kind.NAME]),
        ("王小明 14.03.1988", "", [Kind.NAME]),
        ("Владимир Кузнецов", "SLV", [Kind.NAME]),
        ("\u0410123\u0412\u0421", "", []),  # a plate in Cyrillic letters that look like Latin ones
        ("Кузнецов 14.13.1988", "", []),
    ],
)
def test_detected_kinds(query: str, country: str, kinds: list[Kind]) -> None:
    assert [kind for kind, _ in detect(query, country)] == kinds


def test_slips_are_suggested_most_plausible_first() -> None:
    assert identifiers.suggest(Kind.CUI, "1587 56444 0940")[0] == "1587564440904"
    assert "1587564440904" in identifiers.suggest(Kind.CUI, "1587564540904")
    assert "1M8GDM9AXKP042788" in identifiers.suggest(Kind.VIN, "1M8GDM9AXKPO42788")
    assert identifiers.suggest(Kind.CUI, "123") == []
    cui = "1587564440904"
    for place in range(13):
        assert cui in identifiers.suggest(Kind.CUI, cui[:place] + cui[place + 1 :])
        assert cui in identifiers.suggest(Kind.CUI, cui[:place] + cui[place] + cui[place:])


def test_misread_plates_keep_their_shape_and_type() -> None:
    assert identifiers.plate_misreads("P-12O B0D")[:1] == ["P-120BOD"]
    assert "P-123VBD" in identifiers.plate_misreads("P-123YBD")
    assert identifiers.plate_misreads("P-123KKW") == []
    assert identifiers.plate_misreads("hello") == []


def test_a_vowel_in_a_plate_is_a_warning() -> None:
    assert identifiers.plate("P-123ABC").vowel
    assert not identifiers.plate("P-123BCD").vowel
    assert identifiers.plate("185KKW").text == "?-185KKW"


def test_refusals_name_the_rule_and_never_the_text() -> None:
    for text, rule in [
        ("1587564440925", "municipality"),
        ("1587564442304", "department"),
        ("1587564430904", "checksum"),
    ]:
        with pytest.raises(IdentifierError) as refused:
            identifiers.canonical(Kind.CUI, text)
        assert refused.value.rule == rule
        assert text not in str(refused.value)


def test_a_kind_without_canonical_text_is_a_mistake_of_the_program() -> None:
    for kind in (Kind.NAME, 0, 13, 99):
        with pytest.raises(ValueError, match="no canonical text"):
            identifiers.canonical(kind, "x")


def test_bytes_that_are_no_utf8_are_refused() -> None:
    assert identifiers.problem(Kind.CUI, b"\xff1587564440904") == "characters"
    assert detect(b"\xff\xfe") == []
