"""Estimates the weights of the comparison of names, and the cost of its cut-offs, on noisy pairs made here.

`python -m bench.names.calibrate [pairs]` prints three results. By kind of pair, the shares of AGREES, UNKNOWN and
DISAGREES and the mean score; the reliability of the score; and the weights of a logistic regression over the counts of
core/names/pairing.pyx. The weights in core/names/weights.pxd were set by hand with its output in view. Names are drawn
from the built-in frequencies, some are invented; the errors are this module's own. It shares nothing with the noise and
the truth of `./run bench-names`, which judge the result.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.names import equivalents as name_equivalents
from core.names import frequencies as name_frequencies
from core.names.comparison import compare
from tests.oracle import name_match, name_tokens

SEED = 20_11
SAME_SHARE = 0.5  # of the pairs
CUT = 0.5  # score from which on a pair is taken for one person


@dataclass(frozen=True)
class Person:
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    female: bool

    def text(self) -> str:
        return " ".join(self.given + self.surnames)


def _table(text: str) -> tuple[list[str], list[float]]:
    words, weights = [], []
    for head, tokens in ((line.partition(":")[0], line.partition(":")[2].split()) for line in text.split("\n") if line):
        words += tokens
        weights += [2.0 ** (-int(head) / 100)] * len(tokens)
    return words, weights


GIVEN, GIVEN_WEIGHTS = _table(name_frequencies.GIVEN_NAMES)
SURNAMES, SURNAME_WEIGHTS = _table(name_frequencies.SURNAMES)
_ONSETS = [*"bcdfghjlmnprstvxyz", "br", "ch", "gu", "ll", "qu", "tr", "tz"]
NICKNAMES: dict[str, list[str]] = {}
for _line in name_equivalents.NICKNAMES.split("\n"):
    _whole, _, _others = _line.partition(": ")
    NICKNAMES.setdefault(_whole, []).extend(_others.split())
ABBREVIATIONS = {
    line.partition(": ")[0]: line.partition(": ")[2].split()
    for line in name_equivalents.ABBREVIATIONS.split("\n")
    if line
}
SOUNDS = [
    ("B", "V"), ("V", "B"), ("Z", "S"), ("S", "Z"), ("CI", "SI"), ("CE", "SE"), ("GE", "JE"), ("GI", "JI"), ("LL", "Y"),
    ("Y", "LL"), ("H", ""), ("QU", "K"), ("C", "K"), ("K", "C"), ("Ñ", "NI"), ("X", "S"), ("TZ", "S"), ("J", "G"),
    ("GU", "W"), ("NB", "MB"), ("I", "Y"), ("S", "C"), ("M", "N"),
]  # fmt: skip


class Maker:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def invented(self) -> str:
        syllables = self.rng.randint(1, 3)
        word = "".join(self.rng.choice(_ONSETS) + self.rng.choice("aeiou") for _ in range(syllables))
        return (word + self.rng.choice(["l", "n", "j", "c", "r", "x", "z", ""])).upper()

    def given_name(self, female: bool) -> str:
        while True:
            word = self.rng.choices(GIVEN, GIVEN_WEIGHTS)[0]
            if word.endswith("A") == female or self.rng.random() < 0.15:
                return word

    def surname(self) -> str:
        return self.invented() if self.rng.random() < 0.1 else self.rng.choices(SURNAMES, SURNAME_WEIGHTS)[0]

    def person(self) -> Person:
        female = self.rng.random() < 0.5
        given = tuple(self.given_name(female) for _ in range(self.rng.choices([1, 2, 3], [0.22, 0.75, 0.03])[0]))
        surnames = tuple(self.surname() for _ in range(self.rng.choices([1, 2], [0.08, 0.92])[0]))
        return Person(given, surnames, female)

    def typo(self, word: str) -> str:
        if len(word) < 3:
            return word
        at, letter = self.rng.randrange(len(word)), self.rng.choice("AEIOULNSRCTDM")
        kind = self.rng.randrange(4)
        if kind == 0:
            return word[:at] + letter + word[at:]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + letter + word[at + 1 :]
        at = min(at, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def heard(self, word: str) -> str:
        pairs = [(a, b) for a, b in SOUNDS if a in word]
        if not pairs:
            return word
        old, new = self.rng.choice(pairs)
        return word.replace(old, new, 1) or word


Noise = Callable[[Maker, Person], str]


def _each(make: Callable[[Maker, str], str], count: int) -> Noise:
    def noise(maker: Maker, person: Person) -> str:
        words = list(person.given + person.surnames)
        for at in maker.rng.sample(range(len(words)), min(count, len(words))):
            words[at] = make(maker, words[at])
        return " ".join(words)

    return noise


def _nickname(maker: Maker, person: Person) -> str:
    given = list(person.given)
    for at, word in enumerate(given):
        if word in NICKNAMES:
            given[at] = maker.rng.choice(NICKNAMES[word])
            break
    return " ".join((*given, *person.surnames))


def _ocr(maker: Maker, person: Person) -> str:
    text = person.text()
    for old, new in maker.rng.sample(
        [("O", "0"), ("I", "1"), ("S", "5"), ("B", "8"), ("RN", "M"), ("L", "I"), ("E", "F")], 2
    ):
        text = text.replace(old, new, 1)
    return text


def _short(maker: Maker, person: Person) -> str:
    words = [ABBREVIATIONS[w][0] + "." if w in ABBREVIATIONS else w for w in person.given + person.surnames]
    return " ".join(words)


def _married_instead(maker: Maker, person: Person) -> str:
    return " ".join((*person.given, person.surnames[0], maker.surname()))


def _joined(maker: Maker, person: Person) -> str:
    words = person.given + person.surnames
    at = maker.rng.randrange(len(words) - 1)
    return " ".join((*words[:at], words[at] + words[at + 1], *words[at + 2 :]))


SAME: dict[str, Noise] = {
    "equal": lambda m, p: p.text(),
    "as heard": _each(Maker.heard, 1),
    "as heard twice": _each(Maker.heard, 2),
    "one error": _each(Maker.typo, 1),
    "two errors": _each(Maker.typo, 2),
    "heard and error": _each(lambda m, w: m.typo(m.heard(w)), 1),
    "nickname": _nickname,
    "given name dropped": lambda m, p: " ".join(p.given[:1] + p.surnames),
    "surname dropped": lambda m, p: " ".join(p.given + p.surnames[:1]),
    "both dropped": lambda m, p: " ".join(p.given[:1] + p.surnames[:1]),
    "surname added": lambda m, p: " ".join((*p.given, *p.surnames, m.surname())),
    "given name added": lambda m, p: " ".join((*p.given, m.given_name(p.female), *p.surnames)),
    "married added": lambda m, p: f"{p.text()} DE {m.surname()}",
    "married de instead": lambda m, p: f"{' '.join(p.given)} {p.surnames[0]} DE {m.surname()}",
    "married instead": _married_instead,
    "surnames first": lambda m, p: " ".join(p.surnames + p.given),
    "joined": _joined,
    "initials": lambda m, p: " ".join((p.given[0][0], *p.surnames)),
    "abbreviated": _short,
    "scanned": _ocr,
}

OTHER: dict[str, Callable[[Maker, Person], Person]] = {
    "stranger": lambda m, p: m.person(),
    "brother": lambda m, p: Person(tuple(m.given_name(p.female) for _ in p.given), p.surnames, p.female),
    "sister": lambda m, p: Person(tuple(m.given_name(not p.female) for _ in p.given), p.surnames, not p.female),
    "sibling, one given name": lambda m, p: Person((*p.given[:-1], m.given_name(p.female)), p.surnames, p.female),
    "parent": lambda m, p: Person(p.given, (p.surnames[0], m.surname()), p.female),
    "first names": lambda m, p: Person((*p.given[:1], m.given_name(p.female)), (p.surnames[0], m.surname()), p.female),
    "given names alone": lambda m, p: Person(p.given, (m.surname(), m.surname()), p.female),
    "surnames turned": lambda m, p: Person(p.given, p.surnames[::-1], p.female),
}


@dataclass(frozen=True)
class Pair:
    kind: str
    same: bool
    a: str
    b: str


def pairs(count: int, seed: int = SEED) -> list[Pair]:
    """Half of them one person; kinds in equal parts; what noise left as it was is "equal"."""
    maker = Maker(seed)
    found: list[Pair] = []
    while len(found) < count:
        person = maker.person()
        if maker.rng.random() < SAME_SHARE:
            kind = maker.rng.choice(list(SAME))
            text = SAME[kind](maker, person)
            found.append(Pair(kind if text != person.text() else "equal", True, text, person.text()))
        else:
            kind = maker.rng.choice(list(OTHER))
            other = OTHER[kind](maker, person)
            if other.given != person.given or other.surnames != person.surnames:
                text = other.text() if maker.rng.random() < 0.6 else SAME[maker.rng.choice(list(SAME))](maker, other)
                found.append(Pair(kind, False, text, person.text()))
    return found


FEATURES = [
    "bits", *name_tokens.KINDS[2:15], "crossed", "married pair", "missing given", "missing surname", "extra given",
    "extra surname", "conflict given", "conflict surname", "surnames turned", "given turned", "whole", "equal", "one",
]  # fmt: skip


def features(pair: Pair) -> list[float]:
    """Returns the counts of the pairing, in the order of FEATURES."""
    a, b = name_match.read(pair.a), name_match.read(pair.b)
    found = name_match.pair(a, b)
    matched = [(a.tokens[i], b.tokens[j], found.kinds[i]) for i, j in enumerate(found.partner) if j >= 0]
    kinds = [what for _, _, what in matched]
    left_a = [t for i, t in enumerate(a.tokens) if found.partner[i] < 0]
    left_b = [t for j, t in enumerate(b.tokens) if j not in found.partner]

    def left(role: str) -> tuple[int, int]:
        return sum(t.role == role for t in left_a), sum(t.role == role for t in left_b)

    def turned(role: str) -> bool:
        places = [j for i, j in enumerate(found.partner) if j >= 0 and a.tokens[i].role == b.tokens[j].role == role]
        return places != sorted(places)

    given, surname = left(name_match.GIVEN), left(name_match.SURNAME)
    roles = [{x.role, y.role} for x, y, _ in matched]
    return [
        sum(min(x.bits, y.bits) for x, y, _ in matched) / 100,
        *(kinds.count(kind) for kind in name_tokens.KINDS[2:15]),
        sum(name_match.GIVEN in r and len(r) == 2 for r in roles),
        sum(r == {name_match.SURNAME, name_match.MARRIED} for r in roles),
        abs(given[0] - given[1]),
        abs(surname[0] - surname[1]),
        min(given) if "CONFLICT_GIVEN" not in found.flags else 0,
        min(surname) if "CONFLICT_SURNAME" not in found.flags else 0,
        "CONFLICT_GIVEN" in found.flags,
        "CONFLICT_SURNAME" in found.flags,
        turned(name_match.SURNAME),
        turned(name_match.GIVEN),
        "WHOLE" in found.flags,
        "EQUAL" in found.flags,
        1.0,
    ]


def fitted(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights of a logistic regression with a little ridge, by Newton's method."""
    weights = np.zeros(x.shape[1])
    ridge = 0.5 * np.eye(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - ridge @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        weights += np.linalg.solve(hessian, gradient)
    return weights


def best_f1(score: npt.NDArray[np.float64], same: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Best F1 and the score from which on it is reached."""
    order = np.argsort(-score)
    hits = np.cumsum(same[order])
    f1 = 2 * hits / (np.arange(1, len(same) + 1) + same.sum())
    at = int(np.argmax(f1))
    return float(f1[at]), float(score[order][at])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    made = pairs(count)
    compared = [compare({"names": p.a}, {"names": p.b}) for p in made]
    same = np.array([p.same for p in made], dtype=float)
    score = np.array([c.score for c in compared])
    names = np.array([c.names for c in compared])
    print(f"{count} pairs; best F1 {best_f1(score, same)}; at 0.5: {f1_at(score, same, CUT):.4f}")
    print(f"\n{'kind':26} pairs  AGREES UNKNOWN DISAGREES  mean score  share >= 0.5")
    for kind in [*SAME, *OTHER]:
        own = np.array([p.kind == kind and p.same == (kind in SAME) for p in made])
        shares = [float((names[own] == outcome).mean()) for outcome in (1, 3, 2)]
        outcome_text = "  ".join(f"{share:.3f}" for share in shares)
        above = (score[own] >= CUT).mean()
        print(f"{kind:26} {own.sum():5}  {outcome_text}      {score[own].mean():.3f}       {above:.3f}")
    print("\nscore       pairs  one person")
    for low in np.arange(0, 1, 0.1):
        inside = (score >= low) & (score < low + 0.1 + (low > 0.85))
        print(
            f"{low:.1f}-{low + 0.1:.1f} {inside.sum():9}  {same[inside].mean() if inside.any() else float('nan'):.3f}"
        )
    part = made[: min(count, 8000)]
    x = np.array([features(p) for p in part], dtype=float)
    weights = fitted(x, same[: len(part)])
    print(f"\none bit of a matched token counts {weights[0] / np.log(2):.2f} bits; in hundredths of such a bit:")
    for name, weight in zip(FEATURES[1:], weights[1:], strict=True):
        print(f"  {re.sub('^one$', 'offset', name):18} {100 * weight / weights[0]:8.0f}")


def f1_at(score: npt.NDArray[np.float64], same: npt.NDArray[np.float64], cut: float) -> float:
    """F1 of taking pairs from a score on for one person."""
    taken = score >= cut
    return float(2 * (taken * same).sum() / (taken.sum() + same.sum()))


if __name__ == "__main__":
    main()
