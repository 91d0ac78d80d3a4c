"""Cyrillic and Greek names in Latin letters, in the ways that passports, newspapers and consulates write them."""

from __future__ import annotations

import re

_VOWELS = "аеёиоуыэюяєії"

# Each Russian letter by system: passports of today, the English press, Soviet passports, German, Spanish, scholarly.
_RUSSIAN = {
    "а": "a a a a a a", "б": "b b b b b b", "в": "v v v w v v", "г": "g g g g g g", "д": "d d d d d d",
    "е": "e e e e e e", "ё": "e yo io jo io ë", "ж": "zh zh j sch zh ž", "з": "z z z s z z", "и": "i i i i i i",
    "й": "i y i i i j", "к": "k k k k k k", "л": "l l l l l l", "м": "m m m m m m", "н": "n n n n n n",
    "о": "o o o o o o", "п": "p p p p p p", "р": "r r r r r r", "с": "s s s s s s", "т": "t t t t t t",
    "у": "u u ou u u u", "ф": "f f f f f f", "х": "kh kh kh ch j h", "ц": "ts ts ts z ts c", "ч": "ch ch tch tsch ch č",
    "ш": "sh sh ch sch sh š", "щ": "shch shch chtch schtsch sch šč", "ъ": "ie - - - - -", "ы": "y y y y i y",
    "ь": "- - - - - -", "э": "e e e e e è", "ю": "iu yu iou ju yu ju", "я": "ia ya ia ja ya ja",
}  # fmt: skip
# What Ukrainian reads otherwise.
_UKRAINIAN = {
    "г": "h h h h g h", "ґ": "g g g g g g", "и": "y y y y i y", "і": "i i i i i i", "ї": "i yi i ji i ji",
    "є": "ie ye ie je ye je", "х": "kh kh kh ch j ch", "'": "- - - - - -",
}  # fmt: skip
SYSTEMS = 6
# Endings that a system writes in its own way: (system, ending as spelt out, as written).
_ENDINGS = (
    (1, "iy", "y"),
    (1, "yy", "y"),
    (2, "in", "ine"),
    (3, "ii", "i"),
    (4, "ii", "i"),
    (4, "yi", "i"),
    (0, "ii", "ii"),
)

_GREEK_PAIRS = (
    ("ου", "ou ou u"), ("αυ", "af av au"), ("ευ", "ef ev eu"), ("γγ", "ng ng ng"), ("γχ", "nch nh nch"),
    ("γξ", "nx nx nx"), ("μπ", "mp b mb"), ("ντ", "nt d nd"), ("γκ", "gk g g"), ("τζ", "tz tz dj"), ("ει", "ei i ei"),
    ("οι", "oi i oe"), ("αι", "ai e ae"), ("υι", "yi i yi"), ("γι", "gi yi gi"), ("γε", "ge ye ge"),
)  # fmt: skip
_GREEK = {
    "α": "a a a", "β": "v v b", "γ": "g g g", "δ": "d d d", "ε": "e e e", "ζ": "z z z", "η": "i i e", "θ": "th th th",
    "ι": "i i i", "κ": "k k c", "λ": "l l l", "μ": "m m m", "ν": "n n n", "ξ": "x x x", "ο": "o o o", "π": "p p p",
    "ρ": "r r r", "σ": "s s s", "ς": "s s s", "τ": "t t t", "υ": "y i y", "φ": "f f ph", "χ": "ch h ch",
    "ψ": "ps ps ps", "ω": "o o o",
}  # fmt: skip
_UNTONED = str.maketrans("άέήίόύώϊϋΐΰ", "αεηιουωιυιυ")
_SERBIAN = {
    "lj": "љ", "nj": "њ", "dž": "џ", "a": "а", "b": "б", "v": "в", "g": "г", "d": "д", "đ": "ђ", "e": "е", "ž": "ж",
    "z": "з", "i": "и", "j": "ј", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "r": "р", "s": "с",
    "t": "т", "ć": "ћ", "u": "у", "f": "ф", "h": "х", "c": "ц", "č": "ч", "š": "ш",
}  # fmt: skip


def romanised(text: str, letters: str) -> tuple[str, ...]:
    """All Latin forms of a word: `letters` = russian, ukrainian or greek; the passport's form first, each form once."""
    if letters == "greek":
        forms = [_from_greek(text, system) for system in range(3)]
    else:
        forms = [_from_cyrillic(text, letters, system) for system in range(SYSTEMS)]
    return tuple(dict.fromkeys(forms))


def _titled(text: str) -> str:
    return text[:1].upper() + text[1:]


def _from_cyrillic(text: str, letters: str, system: int) -> str:
    table = _RUSSIAN | (_UKRAINIAN if letters == "ukrainian" else {})
    found, before = "", ""
    for letter in text.lower():
        written = table[letter].split()[system].replace("-", "")
        # The English press marks the glide of a first e, or one after a vowel; the Spanish keeps g hard.
        if letter == "е" and letters == "russian" and system == 1 and (not before or before in _VOWELS):
            written = "ye"
        if letter in "еи" and system in (2, 4) and before == "г" and letters == "russian":
            written = f"u{written}"
        found, before = found + written, letter
    for which, ending, other in _ENDINGS:
        if which == system and found.endswith(ending):
            found = found[: -len(ending)] + other
    return _titled(found)


def _from_greek(text: str, system: int) -> str:
    word = text.lower().translate(_UNTONED)
    found, place = "", 0
    while place < len(word):
        pair = next((written for pair, written in _GREEK_PAIRS if word.startswith(pair, place)), None)
        if pair is not None and word.startswith("μπ", place) and place == 0:
            pair = "b b b"
        found += (pair or _GREEK[word[place]]).split()[system]
        place += 2 if pair else 1
    return _titled(found)


def serbian_cyrillic(text: str) -> str:
    """A Serbian name as Belgrade writes it; "" when it has letters that Serbian lacks."""
    found = re.sub("|".join(_SERBIAN), lambda match: _SERBIAN[match[0]], text.lower())
    return "" if re.search("[a-z]", found) else _titled(found)


# Endings and what becomes of them, the longer ones first.
_EAST_SLAVIC = {
    "ский": "ская", "цкий": "цкая", "ый": "а", "ій": "а", "ов": "ова", "ев": "ева", "ёв": "ёва", "ин": "ина",
}  # fmt: skip
_GREEK_HERS = {
    "όπουλος": "οπούλου", "ίδης": "ίδου", "άκης": "άκη", "ής": "ή", "άς": "ά", "ης": "η", "ος": "ου",
}  # fmt: skip
_GREEK_GENITIVE = {
    "ιος": "ίου", "αος": "άου", "ος": "ου", "ης": "η", "ής": "ή", "ας": "α", "άς": "ά", "ων": "ωνος",
}  # fmt: skip
# Those that no rule makes: a son's, a daughter's.
_PATRONYMICS = {
    "Илья": ("Ильич", "Ильинична"), "Никита": ("Никитич", "Никитична"), "Лев": ("Львович", "Львовна"),
    "Павел": ("Павлович", "Павловна"), "Пётр": ("Петрович", "Петровна"), "Данила": ("Данилович", "Даниловна"),
    "Микола": ("Миколайович", "Миколаївна"), "Петро": ("Петрович", "Петрівна"), "Павло": ("Павлович", "Павлівна"),
    "Ігор": ("Ігорович", "Ігорівна"), "Григорій": ("Григорович", "Григорівна"), "Дмитро": ("Дмитрович", "Дмитрівна"),
    "Михайло": ("Михайлович", "Михайлівна"),
}  # fmt: skip


def _bent(name: str, endings: dict[str, str]) -> str:
    for ending, other in endings.items():
        if name.endswith(ending):
            return name[: -len(ending)] + other
    return name


def feminine(surname: str, letters: str) -> str:
    """A surname as a daughter or wife bears it, in its own letters."""
    if letters in ("russian", "ukrainian"):
        return _bent(surname, _EAST_SLAVIC)
    if letters == "polish" and surname.endswith(("ski", "cki", "sky")):
        return f"{surname[:-1]}a"
    if letters == "greek":
        return _bent(surname, _GREEK_HERS)
    return surname


def greek_father(name: str) -> str:
    """A Greek father's given name as his child's form has it, in the genitive."""
    for ending, of in (
        ("ιος", "ίου"),
        ("αος", "άου"),
        ("ος", "ου"),
        ("ης", "η"),
        ("ής", "ή"),
        ("ας", "α"),
        ("άς", "ά"),
        ("ων", "ωνος"),
    ):
        if name.endswith(ending):
            return name[: -len(ending)] + of
    return name


def patronymic(father: str, sex: str, letters: str) -> str:
    """The Russian or Ukrainian patronymic, in Cyrillic."""
    male = sex == "M"
    if father in _PATRONYMICS:
        return _PATRONYMICS[father][0 if male else 1]
    if letters == "ukrainian":
        if father.endswith("й"):
            return father[:-1] + ("йович" if male else "ївна")
        return father.rstrip("ьоа") + ("ович" if male else "івна")
    if father.endswith("ий"):
        return father[:-2] + ("ьевич" if male else "ьевна")
    if father.endswith("й"):
        return father[:-1] + ("евич" if male else "евна")
    if father.endswith("ь"):
        return father[:-1] + ("евич" if male else "евна")
    return father + ("ович" if male else "овна")
