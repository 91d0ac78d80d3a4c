"""The evidence of each grade of two birth dates, estimated on a separate model of clerks: not chosen, and not fitted on
the lists that judge the matcher.

`python -m bench.names.birth_grades` prints the weights in core/names/weights.pxd and writes them with their shares to
bench/names/data/birth_grades.json. People are drawn by the ages of persons that police ask about; a clerk states each
one's date once more. Even persons give the estimate; odd ones, held back, judge it: the share of each grade there, and
the mean bits of a statement.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from core.calendar import GRADES, grade_of_birth_dates

SEED = 1985
PERSONS = 120_000
OTHERS = 500_000  # pairs of two persons
# A bit of a date counts so much beside a bit of names, which tell much of what they tell twice: the likeliest on the
# half A of the foreign list (python -m bench.foreign_list.date_count).
COUNTED = 1.2
WRITTEN = Path(__file__).parent / "data" / "birth_grades.json"
TODAY = date(2026, 6, 30)
Birth = tuple[int, int, int]

# Of a hundred thousand dates that a clerk states whole, how many suffer what. From how dates go wrong, not from counts
# of any register: keys are hit beside the right one or in the wrong order; a form that asks for the month first is
# filled the other way; an age makes a year that is one off; a day is heard as another (dos, doce; seis, dieciseis);
# a date is counted from the one on which it was registered, or is somebody else's of the same form.
SLIPS = {
    "none": 90_000,
    "key beside": 1_900,
    "digits in the wrong order": 700,
    "day and month turned": 2_200,
    "year from an age": 1_900,
    "day heard otherwise": 700,
    "a day or two": 1_100,
    "century": 40,
    "year heard otherwise": 250,
    "day of registration": 350,
    "about so old": 500,
    "somebody else's": 360,
}
_BESIDE = {"1": "24", "2": "135", "3": "26", "4": "157", "5": "2468", "6": "359", "7": "48", "8": "5790", "9": "68",
           "0": "89"}  # fmt: skip
_HEARD = {2: 12, 12: 2, 3: 13, 13: 3, 6: 16, 16: 6, 7: 17, 17: 7, 8: 18, 18: 8, 4: 14, 14: 4, 15: 5, 5: 15}
_TENS_HEARD = {6: 7, 7: 6, 2: 3, 3: 2, 8: 9, 9: 8}  # sesenta, setenta; ochenta, noventa


def born(rng: random.Random) -> date:
    """Returns the birth date of a person of 18 to 80, most of 20 to 45."""
    age = 18 + int(rng.betavariate(1.6, 3.0) * 62)
    return TODAY - timedelta(days=365 * age + rng.randrange(365))


def _parts(day: date) -> Birth:
    return day.year, day.month, day.day


def _valid(birth: Birth) -> Birth | None:
    try:
        day = date(*birth)
    except ValueError:
        return None
    return birth if day <= TODAY and birth[0] > 1900 else None


def _keys(rng: random.Random, day: date, swap: bool) -> Birth | None:
    digits = list(f"{day:%d%m%Y}")
    at = rng.choice((0, 1, 2, 3, 6, 7))
    if not swap:
        digits[at] = rng.choice(_BESIDE[digits[at]] if rng.random() < 0.7 else "0123456789")
    else:
        at -= at % 2
        digits[at], digits[at + 1] = digits[at + 1], digits[at]
    text = "".join(digits)
    return int(text[4:]), int(text[2:4]), int(text[:2])


def _stated(rng: random.Random, slip: str, day: date) -> Birth | None:
    year, month, mday = _parts(day)
    simple: dict[str, Callable[[], Birth | None]] = {
        "none": lambda: _parts(day),
        "key beside": lambda: _keys(rng, day, False),
        "digits in the wrong order": lambda: _keys(rng, day, True),
        "day and month turned": lambda: (year, mday, month),
        "year from an age": lambda: (year + rng.choice((-1, 1)), month, mday),
        "day heard otherwise": lambda: (year, month, _HEARD.get(mday, 0)),
        "a day or two": lambda: _parts(day + timedelta(days=rng.choice((-2, -1, -1, 1, 1, 2)))),
        "century": lambda: (year + 100, month, mday) if year < 1926 else (year - 100, month, mday),
        "year heard otherwise": lambda: (year // 100 * 100 + 10 * _TENS_HEARD.get(year // 10 % 10, 4) + year % 10,
                                         month, mday),
        "day of registration": lambda: (year, *_parts(day + timedelta(days=rng.randrange(3, 200)))[1:]),
        "about so old": lambda: (year - year % 10 + rng.randrange(10), rng.randrange(1, 13), rng.randrange(1, 29)),
        "somebody else's": lambda: _parts(born(rng)),
    }  # fmt: skip
    return simple[slip]()


def stated(rng: random.Random, day: date) -> Birth:
    """The date as a clerk states it whole."""
    while True:
        found = _stated(rng, rng.choices(list(SLIPS), list(SLIPS.values()))[0], day)
        if found is not None and (found == _parts(day) or found[0] < 1927 or _valid(found)):
            return found


def parted(rng: random.Random, birth: Birth) -> Birth:
    """The same where only the month or only the year was known."""
    return (birth[0], birth[1], 0) if rng.random() < 0.5 else (birth[0], 0, 0)


def shares(pairs: list[tuple[Birth, Birth]]) -> Counter[str]:
    """Counts the pairs of each grade."""
    return Counter(grade_of_birth_dates(a, b) for a, b in pairs)


def estimate() -> dict[str, dict[str, float]]:
    """Returns for each grade: share among one person's, among two persons', bits, and the first on the half held
    back."""
    rng = random.Random(SEED)
    halves: tuple[list[tuple[Birth, Birth]], list[tuple[Birth, Birth]]] = ([], [])
    parts: tuple[list[tuple[Birth, Birth]], list[tuple[Birth, Birth]]] = ([], [])
    for number in range(PERSONS):
        day = born(rng)
        said = stated(rng, day)
        halves[number % 2].append((said, _parts(day)))
        parts[number % 2].append((parted(rng, said), _parts(day)))
    others = [(_parts(born(rng)), _parts(born(rng))) for _ in range(OTHERS)]
    other_parts = [(parted(rng, a), b) for a, b in others[: OTHERS // 3]]
    found: dict[str, dict[str, float]] = {}
    for own, two in ((halves, others), (parts, other_parts)):
        same, held, different = shares(own[0]), shares(own[1]), shares(two)
        for grade in GRADES:
            if grade in same | different and grade != "none":
                one = (same[grade] + 0.5) / len(own[0])
                stranger = (different[grade] + 0.5) / len(two)
                found[grade] = {
                    "one person": one,
                    "two persons": stranger,
                    "bits": math.log2(one / stranger),
                    "one person, held back": held[grade] / len(own[1]),
                }
    return found


def constant(grade: str) -> str:
    """The name of a grade's weight in core/names/weights.pxd."""
    return "BIRTH_" + grade.upper().replace(" ", "_")


def weight(bits: float) -> int:
    """In use, hundredths of a bit to the nearest ten: what the grade tells, COUNTED times."""
    return 10 * round(10 * COUNTED * bits)


def main() -> None:
    """Prints the weights and writes the shares."""
    found = estimate()
    WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    told = {"whole": 0.0, "in part": 0.0}
    for grade, row in found.items():
        print(f"    {constant(grade)} = {weight(row['bits'])}")
        known = "whole" if GRADES.index(grade) < GRADES.index("month known") else "in part"
        told[known] += row["one person, held back"] * row["bits"]
    for known, bits in told.items():
        print(f"a date known {known} tells {bits:.2f} bits on average of one person, held back")


if __name__ == "__main__":
    main()
