"""plates.bin against plain Python lists, and misread plates against the oracle's twin."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files.output import OutputFile
from core.generation.plates import plate_fits, read_plates
from core.generation.plates_writer import PlateRows
from tests.oracle.vehicle_words import misread

plates = st.text(st.sampled_from("12AB"), min_size=1, max_size=6)


@given(st.text(st.sampled_from("12AB?*"), min_size=1, max_size=8), plates)
def test_patterns_fit_as_fnmatch_says(pattern: str, plate: str) -> None:
    assert plate_fits(pattern, plate) is (re.fullmatch(fnmatch.translate(pattern), plate) is not None)


rows = st.lists(
    st.tuples(
        plates,
        st.sampled_from(["", "P", "C", "TCE"]),
        st.sampled_from(["GTM", "SLV"]),
        st.sampled_from(["", "TOYOTA", "VW"]),
        st.sampled_from(["", "ROJO", "AZUL"]),
        st.sampled_from([0, 1999, 2015]),
        st.integers(0, 50),
    ),
    max_size=60,
)


@given(
    rows,
    st.text(st.sampled_from("12AB?*"), min_size=1, max_size=8),
    st.sampled_from(["", "P", "TCE"]),
    st.sampled_from(["", "TOYOTA", "TOY", "VW", "MAZDA"]),
    st.sampled_from(["", "ROJO"]),
    st.sampled_from([0, 2015]),
)
def test_scans_sift_as_a_list_does(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str, str, int, int]],
    pattern: str,
    type_: str,
    make: str,
    colour: str,
    year: int,
) -> None:
    path = tmp_path_factory.mktemp("plates") / "plates.bin"
    table = PlateRows()
    for plate, kind, country, made, coloured, model, entity in rows:
        table.append(plate.encode(), kind.encode(), country.encode(), made.encode(), coloured.encode(), model, entity)
    file = OutputFile(path, b"RNDPLATE", 3)
    assert table.write(file) == len(rows)
    file.finish()
    expected = [
        (f"{kind or '?'}-{plate}|{country}", entity)
        for plate, kind, country, made, coloured, model, entity in sorted(rows, key=lambda row: (*row[:3], row[6]))
        if plate_fits(pattern, plate)
        and (not type_ or kind == type_)
        and (not make or not made or made[:3] == make[:3])
        and (not colour or not coloured or coloured == colour)
        and (not year or not model or model == year)
    ]
    found = read_plates(path.read_bytes(), pattern, type_, make, colour, year)
    assert sorted(found) == sorted(expected)
    assert [plate.split("-")[1][:-4] for plate, _ in found] == [plate.split("-")[1][:-4] for plate, _ in expected]


def test_a_damaged_row_is_told(tmp_path: Path) -> None:
    table = PlateRows()
    for number in range(700):
        table.append(f"{number:03}BCD".encode(), b"P", b"GTM", b"", b"", 0, number)
    file = OutputFile(tmp_path / "plates.bin", b"RNDPLATE", 3)
    table.write(file)
    file.finish()
    data = (tmp_path / "plates.bin").read_bytes()
    assert len(read_plates(data, "*", "", "", "", 0)) == 700
    for at in range(64, len(data), 301):
        damaged = data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :]
        with pytest.raises(ValueError, match=r"."):
            read_plates(damaged, "*", "", "", "", 0)


@given(
    st.lists(st.text(st.sampled_from("0OD1I2ZBY8V"), min_size=1, max_size=6), max_size=40),
    st.text(st.sampled_from("0OD1I2ZBY8V?*"), min_size=1, max_size=8),
)
def test_misread_plates_fit_as_the_twin_says(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[str], pattern: str
) -> None:
    """With up to two characters read otherwise; the scan leaps over whole beginnings, and misses none."""
    path = tmp_path_factory.mktemp("plates") / "plates.bin"
    table = PlateRows()
    for entity, number in enumerate(numbers):
        table.append(number.encode(), b"P", b"GTM", b"", b"", 0, entity)
    file = OutputFile(path, b"RNDPLATE", 3)
    table.write(file)
    file.finish()
    expected = [
        (f"P-{n}|GTM", e)
        for n, e in sorted(zip(numbers, range(len(numbers)), strict=True))
        if misread(pattern, n) is not None
    ]
    assert read_plates(path.read_bytes(), pattern, "", "", "", 0, 2) == expected
