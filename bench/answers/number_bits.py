"""`python -m bench.answers.number_bits`: the evidence of a stated CUI one slip from a person's, in bits.

A wrong number is a slip of its bearer's, of some kind, by the shares below (an assumption, from known errors of
keying). The rest are other persons' numbers and numbers without a bearer. By chance it is near another person. That
frequency is counted for numbers of persons not on file, wrong in one digit as wrong numbers mostly are. Both, over the
persons on file, give the evidence for the bearers of near numbers.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.table import Table

from bench.bars import printing_console
from core.identifiers.near_cuis import (
    ANOTHER_DIGIT,
    ANOTHER_PLACE,
    DOUBLED_DIGIT,
    EXCHANGED,
    LOST_DIGIT,
    near_cuis,
    near_miscounted,
)
from indexer.linking.weighed import NUMBER_BITS
from nation.identifiers import cui_numbers, cuis

SHARES = {ANOTHER_DIGIT: 0.35, EXCHANGED: 0.15, ANOTHER_PLACE: 0.10}
COUNTED = {LOST_DIGIT: 0.60, DOUBLED_DIGIT: 0.60}  # of numbers of 12 digits, and of 14
NAMES = {
    ANOTHER_DIGIT: "another digit",
    EXCHANGED: "two digits exchanged",
    ANOTHER_PLACE: "another place part",
    LOST_DIGIT: "a digit lost",
    DOUBLED_DIGIT: "a digit too many",
}
_ASKED = 20_000
_SEED = 6_101
_DIGITS = 13


def expected_near(persons: int) -> dict[int, float]:
    """Returns how many of so many persons are near a stranger's wrong number by chance, by kind of slip."""
    rng = np.random.default_rng(_SEED)
    numbers = cui_numbers(1, persons + _ASKED, 2 * (persons + _ASKED))
    departments = rng.integers(1, 23, len(numbers))
    everybody = cuis(numbers, departments, rng.integers(1, 6, len(numbers)))  # five of a department's: the large ones
    on_file, strangers = np.sort(everybody[:persons]), everybody[persons:]
    unit = 10 ** rng.integers(4, _DIGITS, _ASKED)
    digit = strangers // unit % 10
    wrong = strangers + ((digit + rng.integers(1, 10, _ASKED)) % 10 - digit) * unit
    found = _counted(on_file, near_cuis(wrong[wrong > 0].tolist(), True), SHARES)
    places = rng.integers(0, _DIGITS, _ASKED)
    whole = [f"{number:013d}" for number in strangers[:_ASKED].tolist()]
    lost = [text[:at] + text[at + 1 :] for text, at in zip(whole, places.tolist(), strict=True)]
    more = [text[:at] + text[at] + text[at:] for text, at in zip(whole, places.tolist(), strict=True)]
    return found | _counted(on_file, near_miscounted([*lost, *more]), COUNTED)


def _counted(on_file: np.ndarray[Any, Any], near: tuple[Any, Any, Any], kinds: Mapping[int, float]) -> dict[int, float]:
    held = np.array(near[1])
    at = np.minimum(np.searchsorted(on_file, held), len(on_file) - 1)
    is_there = on_file[at] == held
    return {kind: float((is_there & (np.array(near[2]) == kind)).sum()) / _ASKED for kind in kinds}


def main() -> None:
    """Prints the bits of each kind beside those in use."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers.number_bits", description=__doc__)
    parser.add_argument("--persons", type=int, default=2_000_000)
    persons = parser.parse_args().persons
    table = Table("slip", "of wrong numbers", "near by chance", "bits", "in use")
    for kind, near in expected_near(persons).items():
        share = (SHARES | COUNTED)[kind]
        bits = math.log2(share * persons / near) if near else math.inf
        table.add_row(NAMES[kind], f"{share:.0%}", f"{near:.5f}", f"{bits:.1f}", f"{NUMBER_BITS[kind]:.1f}")
    printing_console().print(table)


if __name__ == "__main__":
    main()
