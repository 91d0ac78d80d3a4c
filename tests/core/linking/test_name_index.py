"""names.bin by itself: written names are found, whatever the sizes; years and masks; damage is reported."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.errors import GenerationDamaged
from core.linking.index import NameIndex, build_names, name_roles
from core.names.comparison import compare

COLUMNS = {
    "entity": pa.uint32(),
    "name_text": pa.string(),
    "birth_year": pa.int16(),
    "birth_month": pa.int8(),
    "birth_mday": pa.int8(),
    "sex": pa.uint8(),
    "birth_department": pa.uint8(),
    "residence_department": pa.uint8(),
    "cui": pa.string(),
    "death_day": pa.int32(),
}
GIVEN = ("JUAN", "JOSÉ", "MARÍA", "ANA", "CARLOS", "MARTA", "WALTER", "XIOMARA")
DIGITS = str.maketrans("0123456789", "BCDFGLMNRS")
SURNAMES = ("PÉREZ", "LÓPEZ", "QUEJ", "TZOC", "HERNÁNDEZ", "CAAL", "NÚÑEZ", "XICAY", "TOT", "POP")


def claim(entity: int, name: str, year: int = 0, **more: Any) -> dict[str, Any]:
    return {"entity": entity, "name_text": name, "birth_year": year or None, "sex": 0, **more}


def built(path: Path, claims: Sequence[dict[str, Any]]) -> NameIndex:
    columns = {
        name: pa.array([c.get(name, 0 if "department" in name else None) for c in claims], kind)
        for name, kind in COLUMNS.items()
    }
    build_names(path, [pa.record_batch(columns)])
    return NameIndex(path)


def entities(index: NameIndex, names: str, **options: Any) -> list[int]:
    return [match.entity for match in index.search(names, limit=100_000, **options).matches]


@pytest.mark.parametrize("holders", [1, 255, 256, 257, 3_000])
def test_every_holder_of_a_token_is_found(tmp_path: Path, holders: int) -> None:
    """One block, a full one, several, and a list of a bit an ordinal."""
    everybody = [claim(n, f"ROSA{n}\x1fQUEJ" if n % 2 else f"ROSA{n}\x1fOTRO") for n in range(2 * holders)]
    index = built(tmp_path / "names.bin", everybody)
    index.check()
    assert index.token_entities("QUEJ") == list(range(1, 2 * holders, 2))
    assert index.token_entities("ROSA1") == [1]
    assert index.token_entities("NADIE") == []
    assert (index.entities, index.population) == (2 * holders, 2 * holders)


def test_years_narrow_and_those_known_otherwise_stay(tmp_path: Path) -> None:
    claims = [claim(0, "JUAN\x1fPEREZ")]  # of unknown year
    claims += [claim(n, "JUAN\x1fPEREZ", 1900 + n) for n in range(1, 100)]
    claims += [claim(100, "JUAN\x1fPEREZ", 2000), claim(100, "JUAN\x1fPEREZ", 1950)]  # two registers, two years
    index = built(tmp_path / "names.bin", claims)
    assert index.strays == 1
    assert set(entities(index, "JUAN PEREZ", year_from=1949, year_to=1951)) == {0, 49, 50, 51, 100}
    assert set(entities(index, "JUAN PEREZ", birth=(1950, 0, 0))) == {0, 49, 50, 51, 100}
    assert set(entities(index, "JUAN PEREZ", year_from=2000)) == {0, 100}
    assert len(entities(index, "JUAN PEREZ")) == 101


def test_without_the_order_of_years_nobody_is_lost(tmp_path: Path) -> None:
    claims = [claim(n, "ANA\x1fLOPEZ", 2000 - n) for n in range(60)]
    assert set(entities(built(tmp_path / "names.bin", claims), "ANA LOPEZ", year_from=1990)) == set(range(11))


@pytest.mark.parametrize(
    ("asked", "filed"),
    [
        ("Chepe Ernandez Kej", "José Antonio\x1fHernández Quej"),
        ("QUEJ HERNANDEZ JOSE", "José Antonio\x1fHernández Quej"),
        ("Ma. del Carmen Lopes", "María del Carmen\x1fLópez Pérez"),
        ("MARIAJOSE LOPEZ DE GARCIA", "María José\x1fLópez\x1fGarcía"),
        ("MARIA JOSE LOPEZ", "Mariajosé\x1fLópez García"),
        ("Delacruz Pedro", "Pedro\x1fde la Cruz Caal"),
        ("X Ixcoy Quej", "Xenia Elena\x1fIxcoy Quej"),
        ("L0PEZ MARTA", "Marta\x1fLópez Xicay"),
    ],
)
def test_names_as_heard_find_who_bears_them(tmp_path: Path, asked: str, filed: str) -> None:
    crowd = [claim(n, f"{GIVEN[n % 8]}\x1f{SURNAMES[n % 10]} {SURNAMES[(n // 10) % 10]}") for n in range(1, 200)]
    index = built(tmp_path / "names.bin", [claim(0, filed), *crowd])
    assert entities(index, asked, possible=0.0001)[:1] == [0]


def test_brothers_do_not_agree(tmp_path: Path) -> None:
    index = built(tmp_path / "names.bin", [claim(0, "Juan\x1fXicay Tzoc"), claim(1, "Walter\x1fXicay Tzoc")])
    assert entities(index, "Walter Xicay Tzoc") == [1]


def test_rows_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="order of entity"):
        built(tmp_path / "names.bin", [claim(3, "ANA\x1fPOP"), claim(2, "ANA\x1fPOP")])


def test_roles_are_stated_or_guessed() -> None:
    assert name_roles("Ana\x1fPop\x1fde Caal") == [("ANA", 1), ("POP", 2), ("CAAL", 3)]
    assert [role for _, role in name_roles("María López")] == [1, 2]
    assert name_roles("") == []


def test_flipped_bytes_are_told_or_change_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    claims = [
        claim(n, f"{chance.choice(GIVEN)} {chance.choice(GIVEN)}\x1f{chance.choice(SURNAMES)}", 1930 + n // 40)
        for n in range(2_000)
    ]
    index = built(tmp_path / "names.bin", claims)
    questions = [("JUAN PEREZ", (0, 0, 0)), ("MARIA ANA CAAL", (1950, 0, 0)), ("XIOMARA TZOC", (0, 0, 0))]
    right = [index.search(names, limit=50, birth=birth) for names, birth in questions]
    data = (tmp_path / "names.bin").read_bytes()
    told = 0
    for round_ in range(300):
        damaged = bytearray(data)
        damaged[chance.randrange(64, len(data))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"damaged{round_}"
        path.write_bytes(damaged)
        try:
            other = NameIndex(path)
            answers = [other.search(names, limit=50, birth=birth) for names, birth in questions]
        except GenerationDamaged:
            told += 1
        else:
            assert answers == right
        path.unlink()
    assert told > 20, "what the questions touch is told"
    for end in (0, 40, 64, 200, len(data) // 2, len(data) - 1):
        (tmp_path / "cut").write_bytes(data[:end])
        with pytest.raises(GenerationDamaged):
            NameIndex(tmp_path / "cut")


@pytest.mark.parametrize(
    "names",
    [
        "X",
        "A B C",
        " ".join(["MARIA"] * 200),
        "12345 67890",
        "😀😀",
        "مرحبا بالعالم",
        "A" * 10_000,
        "JUAN\0PEREZ",
        "'; DROP TABLE PERSONS; --",
        "Jose\u0301 N\u0303un\u0303ez",
        "\u202eZEREP NAUJ",
        "\ud800\udfff",
        "-" * 500,
    ],
)
def test_bad_input_is_answered(tmp_path: Path, names: str) -> None:
    crowd = [claim(n, f"{GIVEN[n % 8]}\x1f{SURNAMES[n % 10]} {SURNAMES[(n // 10) % 10]}") for n in range(500)]
    found = built(tmp_path / "names.bin", crowd).search(names)
    assert found.too_broad or found.total <= 500


def test_a_word_with_a_lost_letter_tells_a_search_what_it_tells_a_comparison(tmp_path: Path) -> None:
    names = ["Ram\ufffdn Torres", "Ramón Torres", "Ana Torres", *("Juan Tzul" for _ in range(40))]
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(names)])
    for asked in ("RAM\ufffdN TORRES", "Ramón Torres"):
        for match in index.search(asked, limit=50).matches:
            person = {"names": names[match.entity]}
            found = compare({"names": asked}, person, frequencies=index.frequencies, population=index.population)
            assert match.score == found.score, (asked, person)


def test_a_page_takes_three_words_of_four_whose_fourth_is_exchanged(tmp_path: Path) -> None:
    """In 300,000 names they give 3 to 4 bits, less than is looked for: bearers of three of the words are taken."""
    given = ["MARIBEL" if n == 0 else GIVEN[n % 5] for n in range(200)]
    everybody = [
        claim(n, f"{given[n % 200]}\x1f{SURNAMES[n % 7]} TZ{str(n).translate(DIGITS)}") for n in range(300_000)
    ]
    meant = [claim(300_000, "INGRID MARIBEL\x1fHERNÁNDEZ QUEJ")]
    index = built(tmp_path / "names.bin", everybody + meant)
    found = index.search("PANCRACIA MARIBEL HERNÁNDEZ QUEJ", filling=True)
    told = {match.entity: match.evidence for match in found.matches}
    assert 3 <= told[300_000] < log2(index.population) - 14
