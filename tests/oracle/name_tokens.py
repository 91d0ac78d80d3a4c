"""Two tokens of names and how they go together, in plain Python: twin of core.names.tokens (docs/names.md, "Tokens").

Its tables are the compiled modules' own texts; its weights are read from core/names/weights.pxd.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from core.names import equivalents as name_equivalents
from core.names import frequencies as name_frequencies
from tests.core.names.naive_names import LOST, fold, phonetic_key

_SOURCE = (Path(__file__).parents[2] / "core" / "names" / "weights.pxd").read_text(encoding="utf-8")
WEIGHTS = {name: int(value) for name, value in re.findall(r"^    (\w+) = (-?\d+)", _SOURCE, re.MULTILINE)}
_PARTS = ("a begins", "a ends", "b begins", "b ends")
KINDS = (
    *(kind.lower().replace("_", " ").replace("pet", "pet name") for kind in re.findall(r"/\* (\w+)", _SOURCE)),
    *_PARTS,
)
COSTS: dict[str, int] = dict(zip(KINDS, map(int, re.findall(r"^        (\d+),", _SOURCE, re.MULTILINE)), strict=False))
VOWELS = "AEIOUY"
JOINED_PARTICLES = ("DE", "DEL", "SAN", "DELA", "DELO", "DELOS", "DELAS", "SANTA")
JOINED_ABROAD = ("AL", "EL", "DI", "DA", "DO", "MC", "VAN", "VON", "DOS", "MAC", "BEN", "BIN", "ABU", "VANDE", "VANDER",
                 "VANDEN", "VONDER")  # fmt: skip
SHORT = ("a short", "b short")
PAIRED_LAST = KINDS.index("alike")


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


SAID = [
    ("CH", "S"), ("PH", "P"), ("LL|RR", "L"), ("QU(?=[EI])", "K"), ("GU(?=[EI])", "G"), ("Y(?=[AEIOU])", "L"),
    ("Y", "I"), ("C(?=[EI])", "S"), ("C", "K"), ("T(?=I[AEIOU])", "S"), ("G(?=[EI])", "J"), ("[SZX]", "S"),
    ("[BVW]", "B"), ("[KQ]", "K"), ("[FP]", "P"), ("[RL]", "L"), ("[NÑ]", "N"), ("([AEIOUTGDJM])", ""), (".", ""),
]  # fmt: skip


def said(token: str) -> str:
    """The sounds of a word as a child says them."""
    out, at = "", 0
    while at < len(token):
        match, sound = next((m, sound) for pattern, sound in SAID if (m := re.compile(pattern).match(token, at)))
        out, at = out + (sound or (match[0] if match.re.groups else "")), match.end()
    return out


@cache
def pet_keys(token: str) -> tuple[str, ...]:
    """Keys of the pet names that a known given name may have; of an unknown word its own."""
    is_given = is_given_name(token) and len(token) >= 4
    if not is_given and (phonetic_key(token) in frequencies() or not 3 <= len(token) <= 9):
        return ()
    if not is_given and len(token) >= 6:
        token = re.sub("I(TO|TA)$", "I", token)
    syllables = "([^AEIOU]*)([AEIOU]+)([^AEIOU]+)[AEIOU]+"
    found = re.search(f"{syllables}[^AEIOU]*$", said(token)) if is_given else re.fullmatch(syllables, said(token))
    if not found:
        return ()
    before, vowels, between = found.groups()
    strong = re.findall("[AEO]", vowels)
    second = opening(between)
    onset = before[opening(before)] if before and len(strong) < 2 else ""
    middle = (strong or [vowels[-1]])[-1] + "N" * between[: second % len(between)].endswith(("N", "M"))
    behind = between[second]
    twice = [behind + middle + behind, *([onset + middle + onset] if onset else [])] if is_given else []
    return tuple(dict.fromkeys([onset + middle + behind, *twice]))


def opening(consonants: str) -> int:
    """Place, from the end, of the consonant that opens the syllable behind them: of a stop and R or L the stop."""
    return -2 if re.search("[BPKGTD]L$", consonants) else -1


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
    if phonetic_key(shorter) in frequencies() or not 3 <= len(shorter) <= 4 or len(longer) < 5:
        return False
    if any(what == "abbreviation" for _, what in equivalents(shorter)):
        return False
    if shorter[0] != longer[0] or shorter[-1] != longer[-1] or re.search("[AEIOUY0-9]", shorter):
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


def one_lost(a: str, b: str, lost: str) -> bool:
    """Equal but for one place, where one of them lost its letter."""
    differ = [pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]]
    return len(a) == len(b) >= 3 and len(differ) == 1 and lost in differ[0]


def is_given_name(token: str) -> bool:
    return len(token) > 1 and frequencies().get(phonetic_key(token), (0, 0))[1] > 0


def is_joined(shorter: str, longer: str) -> bool:
    """The longer is the shorter with particles before it; of given names DINORA and NORA are two."""
    if is_given_name(shorter) and is_given_name(longer):
        return False
    if any(longer == particle + shorter for particle in JOINED_PARTICLES):
        return len(shorter) >= 3
    return len(shorter) >= 4 and any(longer == particle + shorter for particle in JOINED_ABROAD)


def is_alike(a: str, b: str) -> bool:
    """One letter in three is another."""
    return min(len(a), len(b)) >= 5 and distance(a, b) <= max(len(a), len(b)) // 3


@cache
def kind(a: str, b: str) -> str:
    if a == b:
        return "exact"
    if 1 in (len(a), len(b)):
        return "initial" if a[0] == b[0] else "none"
    sounds = phonetic_key(a), phonetic_key(b)
    if sounds[0] == sounds[1]:
        return "phonetic"
    if one_lost(a, b, LOST) or one_lost(*sounds, "?"):
        return "lost"
    shorter, longer = sorted((a, b), key=len)
    if is_joined(shorter, longer) and apart(a, b) <= 6:
        return "joined"
    equivalent = by_equivalence(a, b)
    if equivalent and equivalent != "nickname":
        return equivalent
    if loose(a) and loose(a) == loose(b):
        return "ending" if {a[-1], b[-1]} == {"A", "O"} else "transliterated"
    four = len(shorter) >= 4
    known = all(sound in frequencies() for sound in sounds)
    if not known and shape(a) == shape(b) and (four or re.search("[0-9]", a + b)):
        return "ocr"
    ending = four and distance(a, b) == 1 and other_ending(a, b)
    if four and distance(a, b) == 1 and not ending and not known:
        return "edit"
    if not ending and min(map(len, sounds)) >= 4 and distance(*sounds) == 1:
        ending = other_ending(*sounds)
        if not ending and not known:
            return "phonetic edit"
    if equivalent:
        return "nickname"
    if ending:
        return "ending"
    if not known and len(shorter) >= 7 and distance(a, b) == 2:
        return "two edits"
    if is_short_edit(a, b):
        return "short edit"
    if set(pet_keys(a)) & set(pet_keys(b)) and (sounds[0] in frequencies()) != (sounds[1] in frequencies()):
        return "pet name"
    if is_consonants_of(a, b):
        return "abbreviation"
    if a[0] == b[0] and not known and (is_alike(a, b) or is_alike(*sounds)):
        return "alike"
    if len(longer) - len(shorter) >= 2:
        side = "a" if shorter == a else "b"
        if longer.startswith(shorter):
            return f"{side} begins" if known or len(shorter) < 3 else f"{side} short"
        if longer.endswith(shorter):
            return f"{side} ends"
    return "none"
