"""Names as registers write them: in parts or as one text, in several styles, with a clerk's faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nation.columns import NOTHING, Column, array, compute
from nation.people import Ints
from nation.vocabulary import ACCENTED, PLAIN, SPELLINGS
from nation.world import World

PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")
# Faults of a whole name; the first is none.
RIGHT, MISSPELT, NO_SECOND_GIVEN, SWAPPED, JOINED, NO_SECOND_SURNAME = range(6)
_FAULT_SHARES = [0.0, 0.45, 0.2, 0.15, 0.08, 0.12]
# What docs/damage.md calls them.
FAULT_KINDS: tuple[list[str], ...] = (
    [],
    ["name_heard"],
    ["name_second_left_out"],
    ["name_order"],
    ["name_joined"],
    ["name_second_left_out"],
)


@dataclass
class WrittenNames:
    """Name parts of several persons as one register writes them; null = part not written."""

    parts: dict[str, Column]
    fault: npt.NDArray[np.int64]

    def full(self, surname_first: bool = False) -> Column:
        """One text a person; a swapped one stands the other way round."""
        given = [self.parts[name] for name in PARTS[:3]]
        surnames = [self.parts[name] for name in PARTS[3:5]]
        usual = joined(*(surnames + given if surname_first else given + surnames))
        other = joined(*(given + surnames if surname_first else surnames + given))
        return compute.if_else(array(self.fault == SWAPPED), other, usual)

    def comma_parts(self) -> Column:
        """The tax register's field: surnames, married surname and two given names between four commas."""
        second = joined(self.parts["second_given"], self.parts["third_given"])
        order = [self.parts["first_surname"], self.parts["second_surname"], self.parts["married_surname"],
                 self.parts["first_given"], second]  # fmt: skip
        return compute.binary_join_element_wise(*(compute.fill_null(part, "") for part in order), ",")


def joined(*parts: Column) -> Column:
    """Parts with one blank between them, nulls left out."""
    # The empty last part keeps rows that are null throughout: Arrow's "skip" would drop them from the column.
    text = compute.binary_join_element_wise(*parts, "", " ", null_handling="skip")
    return compute.utf8_trim_whitespace(text)


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
    parts: dict[str, Column] = {}
    for place, (name, token) in enumerate(zip(PARTS, tokens, strict=True)):
        wrong = np.where((fault == MISSPELT) & (where == place), spelling, 0)
        parts[name] = world.vocabulary.misspelt(np.ascontiguousarray(token), wrong)
    for name, missing in (("second_given", NO_SECOND_GIVEN), ("second_surname", NO_SECOND_SURNAME)):
        parts[name] = compute.if_else(array(fault == missing), NOTHING, parts[name])
    for name in PARTS[3:5]:  # De la Cruz becomes DELACRUZ
        parts[name] = compute.if_else(
            array(fault == JOINED), compute.replace_substring(parts[name], " ", ""), parts[name]
        )
    return WrittenNames(parts, fault)


def parent_names(world: World, persons: Ints, mother: bool, style: str = PLAIN) -> Column:
    """Father's or mother's whole name; null = unknown."""
    names = (world.people.mother_name if mother else world.people.father_name)[persons]
    text = joined(*(world.vocabulary.words(np.ascontiguousarray(column), style) for column in names.T))
    return compute.if_else(compute.equal(text, ""), NOTHING, text)
