"""Pet names as children make them, beyond any table: the end of the name from its stress on, in easier sounds.

Last foot (Consuelo: -suelo), S or C before I or a glide = CH (Chelo), R or L before I = Y (Mario: Mayo), F = P (Felipe:
Pipe), a consonant before another is lost (Alberto: Beto), one consonant twice (Enrique: Quique).
"""

from __future__ import annotations

import re
import unicodedata

from bench.foreign_list.draws import Draws
from bench.foreign_list.short_forms import bare

_STRONG, _WEAK, _ACCENTED = "aeoáéó", "iuüy", "íú"
_UNITS = re.compile(
    r"ch|ll|rr|qu(?=[eiéí])|gu(?=[eiéí])|[bcdfgpt][rl](?=[aeiouáéíóúü])|y(?![aeiouáéíóú])|[bcdfghjklmnñpqrstvwxyz]"
    r"|[aeiouáéíóúü]"
)
_CONSONANT = "ch|qu|ll|[bcdfghjklmnñpqrstvyz]"
_TWO_SYLLABLES = re.compile(f"({_CONSONANT}|)([aeiou])(n?)({_CONSONANT})([aeiou])")


def _is_vowel(unit: str) -> bool:
    return (len(unit) == 1 and (unit in _STRONG or unit in _ACCENTED or unit in "iuü")) or unit == "y"


def syllables(word: str) -> list[str]:
    """Spanish syllables of a word in small letters, with its accents; as good as a child needs them."""
    units = _UNITS.findall(word)
    if "".join(units) != word:
        return []
    vowels = [_is_vowel(unit) and not (unit == "y" and _before_vowel(units, n)) for n, unit in enumerate(units)]
    starts: list[int] = []
    for n, unit in enumerate(units):
        if not vowels[n]:
            continue
        if n and vowels[n - 1] and not _two_syllables(units[n - 1], unit):
            continue
        # The last consonant before a vowel opens its syllable.
        starts.append(n - 1 if n and not vowels[n - 1] else n)
    if not starts:
        return []
    ends = [*starts[1:], len(units)]
    return [
        "".join(units[start if place else 0 : end]) for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _before_vowel(units: list[str], place: int) -> bool:
    return place + 1 < len(units) and _is_vowel(units[place + 1])


def _two_syllables(first: str, second: str) -> bool:
    """Two strong vowels are, and a weak one with an accent beside any; others are said in one."""
    return (first in _STRONG and second in _STRONG) or first in _ACCENTED or second in _ACCENTED


def _stressed(found: list[str], word: str) -> int:
    """Place of the stressed syllable: the written accent, else the last but one, or the last before a consonant."""
    for place, syllable in enumerate(found):
        if re.search("[áéíóú]", syllable):
            return place
    return len(found) - 1 if word[-1] not in "aeiouns" else max(0, len(found) - 2)


def _unaccented(text: str) -> str:
    kept = text.replace("ñ", "\0")
    return "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c)).replace("\0", "ñ")


def _easier(foot: str, draws: Draws) -> str:
    """Sounds that are hard for a child, replaced."""
    foot = re.sub(r"[rl]i(?=[aeo])", "y", foot)
    foot = re.sub(r"(?:s|z|c|t)i(?=[aeo])", "ch", foot)
    if draws.chance(0.7):
        foot = re.sub(r"(?:s|z|c)(?=ue|ie|[ei])", "ch", foot)
        foot = re.sub(r"(?<=[nl])(?:z|s)(?=[aeo])", "ch", foot)
    if draws.chance(0.3):
        foot = re.sub(r"(?:s|z)(?=[aou])", "ch", foot)
    if draws.chance(0.7):
        foot = re.sub(r"(?<![qg])(?:u(?=[ae])|i(?=e))", "", foot)
    foot = re.sub(r"f", "p", foot)
    # Of two consonants the first goes; an N may stay.
    foot = re.sub(r"[rlscxg](?=[bcdfgjklmnpqtv])(?!ch)", "", foot)
    foot = re.sub(r"(?<=[bpcgtdf])[rl]", "", foot)
    if draws.chance(0.35):
        foot = re.sub(r"^r|(?<=[aeiou])r(?=[aeiou])", "l", foot)
    return foot


def _twice(foot: str, draws: Draws) -> str:
    """The same consonant in both syllables."""
    parts = _TWO_SYLLABLES.fullmatch(foot)
    if not parts:
        return foot
    first, vowel, coda, second, last = parts.groups()
    if not first or draws.chance(0.6):
        second_spelt = {"qu": "c"}.get(second, second) if vowel in "ao" else {"c": "qu"}.get(second, second)
        return f"{second_spelt}{vowel}{coda}{second}{last}"
    return f"{first}{vowel}{first}{last}"


def pet_name(given: str, sex: str, draws: Draws) -> str | None:
    """Returns a child's form of a Spanish given name, with a capital; None for names too short to be cut."""
    word = given.split(maxsplit=1)[0].lower()
    found = syllables(word)
    if len(found) < 2 or "".join(found) != word:
        return None
    stressed = _stressed(found, word)
    foot = found[stressed:] if stressed < len(found) - 1 else found[-2:]
    pet = _easier(_unaccented("".join(foot[:1] + foot[-1:])), draws)
    if pet[-1] not in "aeiou":
        pet = pet.rstrip("bcdfghjklmnñpqrstvwxyz") if draws.chance(0.8) else pet
        pet += "" if pet[-1:] in tuple("aeiou") else ("o" if sex == "M" else "a")
    if draws.chance(0.15):
        pet = _twice(pet, draws)
    draw = draws.below(100)
    if draw < 14:
        pet = re.sub(r"[aeiou]$", "", pet)
        pet = re.sub(r"c$", "qu", pet) + ("ito" if sex == "M" else "ita")
    elif draw < 18 and not pet.endswith(("yo", "ya")):
        pet = re.sub(r"[aeiou]$", "", pet) + "y"
    if not 3 <= len(pet) <= 9 or bare(pet).startswith(bare(word)):
        return None
    return pet.capitalize()
