"""The truth of a nation in columns: names, birth dates, and who shares the very same standardised name."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.names.noise import Name
from bench.names.tables import words

Ints = npt.NDArray[np.int64]

GIVEN = ("first_given", "second_given", "third_given")
SURNAMES = ("first_surname", "second_surname")
PARTS = (*GIVEN, *SURNAMES, "married_surname")
# Name parts are numbered; five of them and a birth year share one 64-bit key.
_PART_BITS = 11
_FEMALE = 1


@dataclass(frozen=True)
class Person:
    """One person of the truth."""

    cui: str
    name: Name
    birth: tuple[int, int, int]
    sex: int
    department: int  # of birth
    dead: bool
    father: str
    mother: str


class Population:
    """Persons by place (0 to n - 1), ordered by CUI.

    `group`: number of the standardised name (plain words without particles, in order) of each person.
    `parts`: numbers of the plain parts, shape (n, 5): three given names, two surnames; 0 = none.
    """

    def __init__(self, persons: pa.Table) -> None:
        self._table = persons.take(pc.sort_indices(persons["cui"]))
        self.count = self._table.num_rows
        self.cui: Ints = self._table["cui"].cast(pa.int64()).to_numpy()
        births = self._table["birth_date"]
        self.year: Ints = pc.year(births).to_numpy().astype(np.int64)
        self.month: Ints = pc.month(births).to_numpy().astype(np.int64)
        self.day: Ints = pc.day(births).to_numpy().astype(np.int64)
        self.sex: Ints = self._table["sex"].to_numpy().astype(np.int64)
        self.department: Ints = self._table["birth_department"].to_numpy().astype(np.int64)
        self.home: Ints = self._table["home_department"].to_numpy().astype(np.int64)
        self.dead: npt.NDArray[np.bool_] = pc.is_valid(self._table["death_date"]).to_numpy()
        numbers: dict[str, int] = {"": 0}
        columns = [self._numbered(name, numbers) for name in PARTS[:5]]
        if len(numbers) >= 1 << _PART_BITS:
            raise ValueError(f"more than {1 << _PART_BITS} different name parts: widen the keys")
        self.parts: Ints = np.stack(columns, axis=1)
        self.part_numbers = numbers
        self.name_key: Ints = packed(self.parts)
        self.group: Ints = np.unique(self.name_key, return_inverse=True)[1].astype(np.int64)
        self.group_size: Ints = np.bincount(self.group).astype(np.int64)

    @classmethod
    def load(cls, nation: Path) -> Population:
        """From `nation`/truth/persons.parquet."""
        columns = [*PARTS, "cui", "birth_date", "death_date", "sex", "birth_department", "home_department"]
        table = pq.read_table(nation / "truth" / "persons.parquet", columns=[*columns, "father_name", "mother_name"])
        return cls(table)

    def _numbered(self, column: str, numbers: dict[str, int]) -> Ints:
        encoded = self._table[column].combine_chunks().cast(pa.string()).dictionary_encode()
        chunk: Any = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
        of_value = [numbers.setdefault(" ".join(words(text)), len(numbers)) for text in chunk.dictionary.to_pylist()]
        indices = pc.fill_null(chunk.indices, len(of_value)).to_numpy(zero_copy_only=False)
        return np.asarray(np.array([*of_value, 0], dtype=np.int64)[indices], dtype=np.int64)

    def _text(self, column: str, place: int) -> str:
        return self._table[column][place].as_py() or ""

    def name(self, place: int) -> Name:
        """The person's name, plain, without the married surname in it (that is `Name.married`)."""
        return Name(
            given=tuple(text for part in GIVEN if (text := self._text(part, place))),
            surnames=tuple(text for part in SURNAMES if (text := self._text(part, place))),
            married=self._text("married_surname", place),
            female=int(self.sex[place]) == _FEMALE,
        ).plain()

    def birth(self, place: int) -> tuple[int, int, int]:
        """Year, month, day."""
        return int(self.year[place]), int(self.month[place]), int(self.day[place])

    def person(self, place: int) -> Person:
        """All that the benches ask about a person."""
        return Person(
            cui=f"{self.cui[place]:013d}",
            name=self.name(place),
            birth=self.birth(place),
            sex=int(self.sex[place]),
            department=int(self.department[place]),
            dead=bool(self.dead[place]),
            father=self._text("father_name", place),
            mother=self._text("mother_name", place),
        )

    def place(self, cui: str) -> int | None:
        """Place of a CUI; None = not of the truth."""
        if not cui.isdigit():
            return None
        found = int(np.searchsorted(self.cui, int(cui)))
        return found if found < self.count and self.cui[found] == int(cui) else None

    def held_back(self, place: int) -> bool:
        """Half of the persons, by their CUI: figures are reported on these, calibration looks at the others only."""
        return zlib.crc32(f"{self.cui[place]:013d}".encode()) % 2 == 1

    def draw(self, rng: random.Random, held_back: bool) -> Iterator[int]:
        """Places drawn at random from one half, without end."""
        while True:
            place = rng.randrange(self.count)
            if self.held_back(place) == held_back:
                yield place

    def draw_surname(self, rng: random.Random) -> str:
        """A first surname, as often as it is borne."""
        return self._text("first_surname", rng.randrange(self.count))

    def draw_given(self, rng: random.Random, sex: int) -> tuple[str, ...]:
        """The given names of somebody of that sex."""
        while True:
            place = rng.randrange(self.count)
            if int(self.sex[place]) == sex:
                return self.name(place).given

    def names(self) -> list[str]:
        """The whole plain name of each person, for peers that scan text."""
        texts = {number: text for text, number in self.part_numbers.items()}
        return [" ".join(texts[number] for number in row if number) for row in self.parts.tolist()]


def packed(parts: Ints) -> Ints:
    """Rows of at most five part numbers as one integer each."""
    key = np.zeros(len(parts), dtype=np.int64)
    for column in parts.T:
        key = (key << _PART_BITS) | column
    return key
