"""docs/names.md in plain Python: the twin of core.match for names, slow and without any trick.

Its tables are the compiled modules' own texts; its weights are read from core/match_weights.pxi.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

from core import name_equivalents, name_frequencies
from tests.core.naive_names import AGREES, DISAGREES, PARTICLES, SEPARATOR, UNKNOWN, fold, phonetic_key

_SOURCE = (Path(__file__).parents[2] / "core" / "match_weights.pxi").read_text(encoding="utf-8")
WEIGHTS = {name: int(value) for name, value in re.findall(r"^    (\w+) = (-?\d+)", _SOURCE, re.MULTILINE)}
KINDS = tuple(
    "none,exact,phonetic,joined,abbreviation,transliterated,ocr,edit,phonetic edit,nickname,ending,two edits,short edit,"
    "initial,a begins,a ends,b begins,b ends".split(",")
)
COSTS = dict(zip(KINDS, map(int, re.findall(r"^        (\d+),", _SOURCE, re.MULTILINE)), strict=False))
TOKENS_MAX, LETTERS_MAX = 16, 32
GIVEN, SURNAME, MARRIED, NO_ROLE = "given", "surname", "married", ""
UNKNOWN_BITS = 1100
VOWELS = "AEIOUY"
JOINED_PARTICLES = ("DE", "DEL", "SAN", "DELA", "DELOS", "DELAS", "SANTA")


# ---- tables


def _lines(text: str) -> list[tuple[str, list[str]]]:
    pairs = (line.partition(":") for line in text.splitlines() if line)
    return [(head, tail.split()) for head, _, tail in pairs]


@cache
def frequencies() -> dict[str, tuple[int, int]]:
    """Phonetic key -> information, and by how much a given name."""
    found: dict[str, tuple[int, int]] = {}
    for surname, table in enumerate((name_frequencies.GIVEN_NAMES, name_frequencies.SURNAMES)):
        for head, tokens in _lines(table):
            bits = int(head)
            for token in tokens:
                key = phonetic_key(token)
                given = bits - 1400 if surname else 1400 - bits
                if key in found:
                    old_bits, old = found[key]
                    found[key] = (min(bits, old_bits), old + given if (given > 0) != (old > 0) else old)
                else:
                    found[key] = (bits, given)
    return found


@cache
def equivalences() -> tuple[dict[str, list[tuple[int, str]]], dict[str, list[tuple[int, str]]]]:
    """By sound and by letters: the groups that a token belongs to, and what it is there."""
    by_sound: dict[str, list[tuple[int, str]]] = {}
    by_letters: dict[str, list[tuple[int, str]]] = {}
    formal: dict[str, int] = {}
    for whole, others in _lines(name_equivalents.NICKNAMES) + [(t, []) for t in name_frequencies.given_names()]:
        key = phonetic_key(whole)
        group = formal.setdefault(key, len(formal))
        _put(by_sound, key, (group, "formal"))
        for other in others:
            if phonetic_key(other) != key:
                _put(by_sound, phonetic_key(other), (group, "nickname"))
    group = len(formal)
    for whole, others in _lines(name_equivalents.ABBREVIATIONS):
        _put(by_sound, phonetic_key(whole), (group, "formal"))
        for other in others:
            _put(by_letters, fold(other), (group, "abbreviation"))
        group += 1
    for line in name_equivalents.TRANSLITERATIONS.splitlines():
        for token in line.split():
            _put(by_letters, fold(token), (group, "transliteration"))
        group += bool(line)
    return by_sound, by_letters


def _put(table: dict[str, list[tuple[int, str]]], key: str, member: tuple[int, str]) -> None:
    members = table.setdefault(key, [])
    if member not in members:
        members.append(member)


# ---- tokens


@cache
def equivalents(token: str) -> tuple[tuple[int, str], ...]:
    by_sound, by_letters = equivalences()
    key = phonetic_key(token)
    found = [*by_sound.get(key, []), *(m for m in by_letters.get(token, []) if m not in by_sound.get(key, []))][:12]
    if any(what == "formal" for _, what in found):
        return tuple(found)
    stem = re.fullmatch(r"(..+)ITOS|(..+)IT[OA]", key)
    if stem:
        base = stem[1] or stem[2]
        tries = [base, base + "A", base + "E", base + "O", base + "OS"]
        if base.endswith("S"):
            tries.append(base[:-1])
        for tried in tries:
            for group, what in by_sound.get(tried, []):
                if what in ("formal", "nickname") and (group, "nickname") not in found and len(found) < 12:
                    found.append((group, "nickname"))
    return tuple(found)


@cache
def loose(token: str) -> str:
    """Key under which transliterations fall together; "" when the token is known or has too little in it."""
    if phonetic_key(token) in frequencies() or len(token) < 5:
        return ""
    rules = [
        ("SCH|SH|CH|T[ZS]", "s"),
        ("KH", "h"),
        ("PH", "f"),
        ("[TD]H", "t"),
        ("GH", "g"),
        ("J", "h"),
        ("^H", "h"),
        (r"(?<=[AEIOUY])H(?=[AEIOUY])", "h"),
        ("H", ""),
        ("[SZX]|C(?=[EI])", "s"),
        ("[CKQ]", "k"),
        ("[DT]", "t"),
        ("[BP]", "b"),
        ("[FVW]", "f"),
        ("Ñ", "n"),
    ]
    symbols = _rewritten(token, rules)
    symbols = re.sub("[AEIOUY]+", lambda run: "E" if re.search("[AE][IY]", run[0]) else "A", symbols)
    symbols = re.sub(r"([^AE])\1+", r"\1", symbols)
    return symbols if sum(c not in "AE" for c in symbols) >= 3 else ""


def _rewritten(token: str, rules: list[tuple[str, str]]) -> str:
    """Left to right, at each place the first rule that fits; small letters are results."""
    out, at = "", 0
    while at < len(token):
        for pattern, result in rules:
            match = re.compile(pattern).match(token, at)
            if match and not (pattern == "^H" and at):
                out, at = out + result, match.end()
                break
        else:
            out, at = out + (token[at] if token[at] in VOWELS else token[at].lower()), at + 1
    return out


@cache
def shape(token: str) -> str:
    return re.sub(
        "RN|CL|VV|.",
        lambda m: (
            {"RN": "M", "CL": "D", "VV": "W"}.get(m[0])
            or m[0].translate(str.maketrans("0Q1L2345678UÑ", "OOIIZEASGTBVN"))
        ),
        token,
    )


def distance(a: str, b: str) -> int:
    """Insertions, deletions, substitutions, transpositions of neighbours that are not edited again."""
    rows = {(-1, -1): 0}
    rows |= {(i, -1): i + 1 for i in range(len(a))} | {(-1, j): j + 1 for j in range(len(b))}
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            best = min(rows[i - 1, j - 1] + (x != y), rows[i - 1, j] + 1, rows[i, j - 1] + 1)
            if i and j and x == b[j - 1] and a[i - 1] == y:
                best = min(best, rows[i - 2, j - 2] + 1)
            rows[i, j] = best
    return rows[len(a) - 1, len(b) - 1]


def other_ending(a: str, b: str) -> bool:
    shorter, longer = sorted((a, b), key=len)
    if len(a) == len(b):
        differ = a[:-1] == b[:-1] and (a[-1] == "A") != (b[-1] == "A")
        return differ and a[-1] in VOWELS and b[-1] in VOWELS
    return longer == shorter + "A"


def apart(a: str, b: str) -> int:
    """Letters that only one of them has, as the compiled sets tell them apart (Ñ and the digit 1 are one)."""
    return len({ord(c) & 31 for c in a} ^ {ord(c) & 31 for c in b})


def by_equivalence(a: str, b: str) -> str:
    found = []
    for group, first in equivalents(a):
        for other, second in equivalents(b):
            if group != other:
                continue
            if "nickname" in (first, second):
                found.append("nickname")
            elif "abbreviation" in (first, second):
                found.append("abbreviation")
            elif first == "transliteration":
                found.append("transliterated")
    return min(found, key=KINDS.index, default="")


def is_consonants_of(a: str, b: str) -> bool:
    shorter, longer = (b, a) if len(a) > len(b) else (a, b)
    if phonetic_key(shorter) in frequencies() or not 2 <= len(shorter) <= 4 or len(longer) < 5:
        return False
    if shorter[0] != longer[0] or re.search("[AEIOUY0-9]", shorter):
        return False
    return re.search(".*".join(shorter), longer) is not None


def is_short_edit(a: str, b: str) -> bool:
    sounds = phonetic_key(a), phonetic_key(b)
    if all(sound in frequencies() for sound in sounds) or max(len(a), len(b)) > 5:
        return False
    least = min(len(a), len(b))
    if (least == 3 or (least == 2 and len(a) != len(b))) and distance(a, b) == 1:
        return True
    return min(map(len, sounds)) == 3 and len(sounds[0]) != len(sounds[1]) and distance(*sounds) == 1


@cache
def kind(a: str, b: str) -> str:
    if a == b:
        return "exact"
    if 1 in (len(a), len(b)):
        return "initial" if a[0] == b[0] else "none"
    sounds = phonetic_key(a), phonetic_key(b)
    if sounds[0] == sounds[1]:
        return "phonetic"
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) >= 3 and any(longer == particles + shorter for particles in JOINED_PARTICLES) and apart(a, b) <= 4:
        return "joined"
    equivalent = by_equivalence(a, b)
    if equivalent and equivalent != "nickname":
        return equivalent
    if loose(a) and loose(a) == loose(b):
        return "transliterated"
    four = len(shorter) >= 4
    if shape(a) == shape(b) and (four or re.search("[0-9]", a + b)):
        return "ocr"
    ending = four and distance(a, b) == 1 and other_ending(a, b)
    if four and distance(a, b) == 1 and not ending:
        return "edit"
    if not ending and min(map(len, sounds)) >= 4 and distance(*sounds) == 1:
        if not other_ending(*sounds):
            return "phonetic edit"
        ending = True
    if equivalent:
        return "nickname"
    if ending:
        return "ending"
    if len(shorter) >= 7 and distance(a, b) == 2:
        return "two edits"
    if is_short_edit(a, b):
        return "short edit"
    if is_consonants_of(a, b):
        return "abbreviation"
    if len(longer) - len(shorter) >= 2:
        side = "a" if shorter == a else "b"
        if longer.startswith(shorter):
            return f"{side} begins"
        if longer.endswith(shorter):
            return f"{side} ends"
    return "none"


# ---- names


@dataclass
class Token:
    letters: str
    role: str = NO_ROLE
    bits: int = 0
    after: list[str] = field(default_factory=list)  # particles before it
    place: int = 0  # in its part

    @property
    def given(self) -> int:
        return 300 if len(self.letters) == 1 else frequencies().get(phonetic_key(self.letters), (0, 0))[1]

    @property
    def married_by(self) -> str:
        """ "widow", "de" or "" by the particles before it."""
        widow = any(p.startswith("V") for p in self.after)
        if "DE" in self.after or "DEL" in self.after:
            if widow:
                return "widow"
            names_own = self.letters in ("LEON", "MATA", "DIOS", "PAZ", "JESUS")
            if self.after == ["DE"] * len(self.after) and not names_own:
                return "de"
        return ""


@dataclass
class Name:
    tokens: list[Token]
    guessed: bool


def read(text: str) -> Name:
    parted = SEPARATOR in text
    parts = text.split(SEPARATOR) if parted else text.split(",", 1)
    for keep_all in (False, True):
        tokens: list[Token] = []
        commas = -1
        for number, part in enumerate(parts):
            role = (GIVEN, SURNAME, MARRIED, MARRIED)[min(number, 3)] if parted else NO_ROLE
            place, particles = 0, []
            for word in fold(part).split():
                if word in PARTICLES and not keep_all:
                    particles.append(word)
                elif len(tokens) < TOKENS_MAX:
                    tokens.append(Token(word[:LETTERS_MAX], role, after=particles, place=place))
                    place, particles = place + 1, []
            if not parted and len(parts) == 2 and number == 0:
                commas = len(tokens)
        if tokens:
            break
    name = Name(tokens, bool(tokens) and not parted)
    if name.guessed:
        guess_roles(tokens, commas)
    else:
        for token in tokens:
            by = token.married_by
            if token.role == SURNAME and (by == "widow" or (by == "de" and token.place)):
                token.role = MARRIED
    for token in tokens:
        token.bits = frequencies().get(phonetic_key(token.letters), (UNKNOWN_BITS, 0))[0]
    return name


def split_prior(n: int, given: int) -> int:
    if n == 3:
        return 100 if given == 1 else 0
    if n == 4:
        return {2: 0, 1: -500}.get(given, -300)
    return -300 * abs(given - (n - 2)) if n > 4 else 0


def guess_roles(tokens: list[Token], commas: int) -> None:
    if 0 < commas < len(tokens):
        for i, token in enumerate(tokens):
            token.role = SURNAME if i < commas else GIVEN
        return
    rest = tokens
    if len(tokens) >= 3:
        by = tokens[-1].married_by
        if by == "widow" or (by == "de" and tokens[-2].given <= 0):
            tokens[-1].role = MARRIED
            rest = tokens[:-1]
    if len(rest) == 1:
        given = rest[0].given
        rest[0].role = GIVEN if given > 0 else SURNAME if given < 0 else NO_ROLE
        return
    divisions = []
    for surnames_first in (False, True):
        for split in range(1, len(rest)):
            signs = [(i < split) != surnames_first for i in range(len(rest))]
            score = split_prior(len(rest), sum(signs)) + (-600 if surnames_first else 0)
            score += sum(t.given if is_given else -t.given for t, is_given in zip(rest, signs, strict=True))
            divisions.append((score, signs))
    best = max(divisions, key=lambda d: d[0])[1]
    for token, is_given in zip(rest, best, strict=True):
        token.role = GIVEN if is_given else SURNAME


# ---- pairs


@dataclass
class Pairing:
    evidence: int = 0
    cost: int = 0
    agreement: int = UNKNOWN
    flags: set[str] = field(default_factory=set)
    partner: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def kind_cost(what: str, x: Token, y: Token) -> int:
    if what == "ending" and GIVEN not in (x.role, y.role) and NO_ROLE not in (x.role, y.role):
        what = "edit"
    return COSTS[what]


def role_cost(a: Name, x: Token, b: Name, y: Token) -> int:
    if x.role == y.role or NO_ROLE in (x.role, y.role):
        return 0
    if GIVEN not in (x.role, y.role):
        return WEIGHTS["COST_MARRIED"]
    return WEIGHTS["COST_CROSSED_GUESS" if a.guessed or b.guessed else "COST_CROSSED"]


def pair_value(what: str, a: Name, x: Token, b: Name, y: Token) -> int:
    bits = min(x.bits, y.bits)
    if what == "initial":
        bits = min(bits, WEIGHTS["INITIAL_BITS"])
    return max(0, bits - kind_cost(what, x, y) - role_cost(a, x, b, y))


def best_pairs(a: Name, b: Name, kinds: list[list[str]]) -> list[int]:
    """Of all ways to pair, the first of those with the most value; earlier tokens prefer earlier partners."""

    def may_pair(i: int, j: int) -> bool:
        what, x, y = kinds[i][j], a.tokens[i], b.tokens[j]
        if what == "none" or KINDS.index(what) > KINDS.index("initial"):
            return False
        stated = [t.role for t, name in ((x, a), (y, b)) if not name.guessed]
        return not (what == "nickname" and (SURNAME in stated or MARRIED in stated))

    @cache
    def best(i: int, free: frozenset[int]) -> tuple[int, tuple[int, ...]]:
        if i == len(a.tokens):
            return 0, ()
        tried = []
        for j in [*sorted(free), -1]:
            if j >= 0 and not may_pair(i, j):
                continue
            total, rest = best(i + 1, free - {j})
            if j >= 0:
                total += pair_value(kinds[i][j], a, a.tokens[i], b, b.tokens[j]) + WEIGHTS["PAIR_PREFERRED"]
            tried.append((total, (j, *rest)))
        return max(tried, key=lambda t: t[0])

    return list(best(0, frozenset(range(len(b.tokens))))[1])


def pair(a: Name, b: Name) -> Pairing:
    out = Pairing()
    if not a.tokens or not b.tokens:
        out.partner, out.kinds = [-1] * len(a.tokens), ["none"] * len(a.tokens)
        return out
    kinds = [[kind(x.letters, y.letters) for y in b.tokens] for x in a.tokens]
    out.partner = best_pairs(a, b, kinds)
    out.kinds = [kinds[i][j] if j >= 0 else "none" for i, j in enumerate(out.partner)]
    paired = [(a.tokens[i], b.tokens[j], out.kinds[i]) for i, j in enumerate(out.partner) if j >= 0]
    out.evidence = sum(pair_value(what, a, x, b, y) for x, y, what in paired)
    out.cost = sum(kind_cost(what, x, y) + role_cost(a, x, b, y) for x, y, what in paired)
    roles = [{x.role, y.role} for x, y, _ in paired]
    turned = {
        role: any(
            later < earlier
            for earlier, later in pairwise(
                j for i, j in enumerate(out.partner) if j >= 0 and a.tokens[i].role == b.tokens[j].role == role
            )
        )
        for role in (GIVEN, SURNAME)
    }
    taken = {j for j in out.partner if j >= 0}
    roles += join(a, b, kinds, out, taken)
    settle(a, b, out, taken, roles, turned)
    return out


def join(a: Name, b: Name, kinds: list[list[str]], out: Pairing, taken: set[int]) -> list[set[str]]:
    """Pairs a left over token with two neighbours on the other side that make it."""
    roles = []
    for i, x in enumerate(a.tokens):
        for j, y in enumerate(b.tokens):
            if out.partner[i] >= 0 or j in taken:
                continue
            after = b.tokens[j + 1] if j + 1 < len(b.tokens) and j + 1 not in taken else None
            following = a.tokens[i + 1] if i + 1 < len(a.tokens) and out.partner[i + 1] < 0 else None
            if after and kinds[i][j] == "b begins" and kinds[i][j + 1] == "b ends" and is_made_of(x, y, after):
                taken |= {j, j + 1}
                bits = min(x.bits, y.bits + after.bits)
                places = [i]
            elif (
                following and kinds[i][j] == "a begins" and kinds[i + 1][j] == "a ends" and is_made_of(y, x, following)
            ):
                taken.add(j)
                bits = min(y.bits, x.bits + following.bits)
                places = [i, i + 1]
            else:
                continue
            for place in places:
                out.partner[place], out.kinds[place] = j, "joined"
            out.evidence += max(0, bits - COSTS["joined"])
            out.cost += COSTS["joined"]
            roles.append({x.role, y.role})
    return roles


def is_made_of(whole: Token, first: Token, last: Token) -> bool:
    return len(whole.letters) == len(first.letters) + len(last.letters)


def settle(a: Name, b: Name, out: Pairing, taken: set[int], roles: list[set[str]], turned: dict[str, bool]) -> None:
    """Takes off what was left over, adds for what is whole, and tells whether the names agree."""
    left_a = [x for i, x in enumerate(a.tokens) if out.partner[i] < 0]
    left_b = [y for j, y in enumerate(b.tokens) if j not in taken]
    given_pairs = sum(GIVEN in pair_roles for pair_roles in roles)
    surname_pairs = sum(bool(pair_roles & {SURNAME, MARRIED}) for pair_roles in roles)
    for role, name, pairs in ((GIVEN, "GIVEN", given_pairs), (SURNAME, "SURNAME", surname_pairs)):
        counts = [sum(t.role == role for t in left) for left in (left_a, left_b)]
        both = min(counts)
        if both and pairs:
            out.flags.add(f"EXTRA_{name}")
            out.evidence -= WEIGHTS[f"PENALTY_EXTRA_{name}"] * both
        elif both:
            out.flags.add(f"CONFLICT_{name}")
            out.evidence -= WEIGHTS[f"PENALTY_CONFLICT_{name}"]
        out.evidence -= WEIGHTS[f"PENALTY_MISSING_{name}"] * (sum(counts) - 2 * both)
        if turned[role]:
            out.evidence -= WEIGHTS["PENALTY_SURNAMES_TURNED" if role == SURNAME else "PENALTY_GIVEN_TURNED"]
    out.evidence -= WEIGHTS["PENALTY_MISSING_GIVEN"] * sum(t.role == NO_ROLE for t in left_a + left_b)
    core = [sum(t.role != MARRIED for t in left) for left in (left_a, left_b)]
    found = [len(a.tokens) - len(left_a), len(b.tokens) - len(left_b)]
    if core == [0, 0]:
        out.flags.add("WHOLE")
        out.evidence += WEIGHTS["BONUS_WHOLE"]
        if all(what in ("exact", "phonetic", "none") for what in out.kinds):
            out.flags.add("EQUAL")
            out.evidence += WEIGHTS["BONUS_EQUAL"]
    shorter = 0 if core[0] + found[0] <= core[1] + found[1] else 1
    n, m = core[shorter] + found[shorter], found[shorter]
    enough = m == n >= 2 and given_pairs and surname_pairs and "initial" not in out.kinds
    if "EQUAL" in out.flags:
        out.agreement = AGREES
    elif 2 * m <= n or out.flags & {"CONFLICT_GIVEN", "CONFLICT_SURNAME"}:
        out.agreement = DISAGREES
    elif enough and out.cost <= WEIGHTS["AGREES_COST_MOST"]:
        out.agreement = AGREES


def compare(a: str, b: str) -> Pairing:
    """The pairing of two names, stored or plain."""
    return pair(read(a), read(b))
