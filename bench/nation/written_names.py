"""Names as registers write them: in parts or as one text, in several styles, with a clerk's faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.nation.people import Ints
from bench.nation.vocabulary import ACCENTED, PLAIN, SPELLINGS
from bench.nation.world import World

PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")
# Faults of a whole name; the first is none.
RIGHT, MISSPELT, NO_SECOND_GIVEN, SWAPPED, JOINED, NO_SECOND_SURNAME = range(6)
_FAULT_SHARES = [0.0, 0.45, 0.2, 0.15, 0.08, 0.12]


@dataclass
class WrittenNames:
    """Name parts of several persons as one register writes them; null = part not written."""

    parts: dict[str, pa.Array]
    fault: npt.NDArray[np.int64]

    def full(self, surname_first: bool = False) -> pa.Array:
        """One text a person; a swapped one stands the other way round."""
        given = [self.parts[name] for name in PARTS[:3]]
        surnames = [self.parts[name] for name in PARTS[3:5]]
        usual = joined(*(surnames + given if surname_first else given + surnames))
        other = joined(*(given + surnames if surname_first else surnames + given))
        return pc.if_else(pa.array(self.fault == SWAPPED), other, usual)

    def comma_parts(self) -> pa.Array:
        """The tax register's field: surnames, married surname and two given names between four commas."""
        second = joined(self.parts["second_given"], self.parts["third_given"])
        order = [self.parts["first_surname"], self.parts["second_surname"], self.parts["married_surname"],
                 self.parts["first_given"], second]  # fmt: skip
        return pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in order), ",")


def joined(*parts: pa.Array) -> pa.Array:
    """Parts with one blank between them, nulls left out."""
    # The empty last part keeps rows that are null throughout: Arrow's "skip" would drop them from the column.
    text = pc.binary_join_element_wise(*parts, "", " ", null_handling="skip")
    return pc.utf8_trim_whitespace(text)


def right_names(world: World, persons: Ints, style: str = ACCENTED) -> WrittenNames:
    """Names without a fault."""
    people, words = world.people, world.vocabulary.words
    tokens = [*people.given[persons].T, *people.surnames[persons].T, people.married[persons]]
    parts = {name: words(np.ascontiguousarray(token), style) for name, token in zip(PARTS, tokens, strict=True)}
    return WrittenNames(parts, np.zeros(len(persons), dtype=np.int64))


def faulty_names(world: World, persons: Ints, rate: float, rng: np.random.Generator) -> WrittenNames:
    """Names of which a share `rate` has one fault; upper case without accents."""
    n = len(persons)
    fault = np.where(rng.random(n) < rate, rng.choice(6, n, p=_FAULT_SHARES), RIGHT)
    people = world.people
    tokens = [*people.given[persons].T, *people.surnames[persons].T, people.married[persons]]
    spelling = rng.integers(1, SPELLINGS, n)
    where = rng.choice([0, 3, 4], n)  # first given name or a surname
    parts: dict[str, pa.Array] = {}
    for place, (name, token) in enumerate(zip(PARTS, tokens, strict=True)):
        wrong = np.where((fault == MISSPELT) & (where == place), spelling, 0)
        parts[name] = world.vocabulary.misspelt(np.ascontiguousarray(token), wrong)
    nothing = pa.scalar(None, pa.string())
    for name, missing in (("second_given", NO_SECOND_GIVEN), ("second_surname", NO_SECOND_SURNAME)):
        parts[name] = pc.if_else(pa.array(fault == missing), nothing, parts[name])
    for name in PARTS[3:5]:  # De la Cruz becomes DELACRUZ
        parts[name] = pc.if_else(pa.array(fault == JOINED), pc.replace_substring(parts[name], " ", ""), parts[name])
    return WrittenNames(parts, fault)


def parent_names(world: World, persons: Ints, mother: bool, style: str = PLAIN) -> pa.Array:
    """Father's or mother's whole name; null = unknown."""
    names = (world.people.mother_name if mother else world.people.father_name)[persons]
    text = joined(*(world.vocabulary.words(np.ascontiguousarray(column), style) for column in names.T))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
