"""names.bin and plates.bin against plain Python lists."""

from __future__ import annotations

import fnmatch
import random
import re
from pathlib import Path

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from core.output import OutputFile
from core.plates import plate_fits, read_plates
from core.plates_writer import PlateRows
from core.postings import phonetic_token_hash, read_postings
from core.postings_writer import write_names
from core.spill import Spill

END = 0xFFFFFFF0


def names_file(directory: Path, lists: dict[int, list[int]]) -> bytes:
    spill = Spill(directory)
    for hash_, entities in lists.items():
        for entity in entities:
            spill.append(hash_, entity)
    path = directory / "names.bin"
    path.unlink(missing_ok=True)
    file = OutputFile(path, b"RNDNAMES", 3)
    tokens, pairs = write_names(file, spill)
    assert (tokens, pairs) == (len(lists), sum(map(len, lists.values())))
    stated = file.finish()
    data = path.read_bytes()
    assert stated["bytes"] == len(data)
    return data


def lists_of_every_size() -> dict[int, list[int]]:
    chance = random.Random(8)
    sizes = [1, 2, 127, 128, 129, 255, 256, 257, 5000]
    return {
        chance.getrandbits(64): sorted(chance.sample(range(2**32 - 20 if size < 300 else 20_000), size))
        for size in sizes
    }


def test_lists_come_back(tmp_path: Path) -> None:
    lists = lists_of_every_size()
    data = names_file(tmp_path, lists)
    for hash_, entities in lists.items():
        assert read_postings(data, hash_, None) == entities
    assert read_postings(data, 12345, None) == []


def test_seeking_finds_the_first_at_or_above(tmp_path: Path) -> None:
    lists = lists_of_every_size()
    data = names_file(tmp_path, lists)
    chance = random.Random(2)
    for hash_, entities in lists.items():
        for _ in range(30):
            wanted = sorted(chance.randrange(entities[-1] + 2) for _ in range(chance.randrange(1, 12)))
            left = list(entities)
            expected = []
            for entity in wanted:
                left = [one for one in left if one >= entity]
                expected.append(left.pop(0) if left else END)
            assert read_postings(data, hash_, wanted) == expected


def test_damage_in_a_list_is_told(tmp_path: Path) -> None:
    lists = lists_of_every_size()
    data = names_file(tmp_path, lists)
    for at in range(64, len(data), 97):
        damaged = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        outcomes = []
        for hash_, entities in lists.items():
            try:
                found = read_postings(damaged, hash_, None)
            except ValueError:
                outcomes.append("refused")
            else:
                assert found == entities  # what is not refused is right
                outcomes.append("right")
        assert "refused" in outcomes or at % 4  # the only bytes that nothing reads are padding
    for end in range(0, len(data), 211):
        with pytest.raises(ValueError, match=r"."):
            read_postings(data[:end], 1, None)


def test_token_hash_is_xxh3() -> None:
    assert phonetic_token_hash(b"PERES") == xxhash.xxh3_64_intdigest(b"PERES")


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
