"""docs/answers.md section 2 in plain Python, written from the text: the twin of core.names.keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from anyascii import anyascii

AGREES, DISAGREES, UNKNOWN = 1, 2, 3
PARTICLES = {"DE", "DEL", "LA", "LAS", "LOS", "Y", "SAN", "SANTA", "VIUDA", "VDA"}
PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")
LOST = "\ufffd"  # a letter that a file lost
SEPARATOR = "\x1f"  # between given names, surnames and married surname of a stored name
TOKENS_MAX = 64
LETTERS_MAX = 64
CODE_POINT_MAX = 15  # letters of one of another script
ARTICLE = "\u0627\u0644"  # of Arabic, written with its noun as one word
_KEPT = 1 << 17  # texts whose folding is kept: registers say the same names over and over

# Signs written where a name has an apostrophe or a glottal stop, and characters without width.
VANISHING = set("'`´‘’‛′＇ˈʹʺʻʼʽʔɁɂꞋꞌ\u00ad\u200b\u200c\u200d\u2060\ufeff\u1fef\u1ffd")
MARK_BLOCKS = [range(0x300, 0x370), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00), range(0x20D0, 0x2100)]
MARK_BLOCKS += [range(0xFE20, 0xFE30)]
# Letters that Unicode does not decompose.
WHOLE_LETTERS = {"Æ": "AE", "Œ": "OE", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ð": "D", "ı": "I", "ĸ": "K", "Ŋ": "N"}


@cache
def is_mark(character: str) -> bool:
    return any(ord(character) in block for block in MARK_BLOCKS)


@cache
def latin_letters(character: str) -> str:
    """The letters A to Z (and Ñ) that a character of the Latin script is made of; "" for any other."""
    if character in "\u212a\u212b":
        return {"\u212a": "K", "\u212b": "A"}[character]
    if not (ord(character) < 0x250 or 0x1E00 <= ord(character) <= 0x1EFF or 0xFB00 <= ord(character) <= 0xFB06):
        return ""
    if not unicodedata.category(character).startswith("L"):
        return ""
    if character in "ñÑ":
        return "Ñ"
    capital = character if character in WHOLE_LETTERS else character.upper()
    if capital in WHOLE_LETTERS:
        return WHOLE_LETTERS[capital]
    base = unicodedata.normalize("NFD", character)[0]
    if base in "Ææ":
        return "AE"
    letters = [c.upper() for c in unicodedata.normalize("NFKD", character) if "A" <= c.upper() <= "Z"]
    if letters:
        return "".join(letters)
    named = re.fullmatch(r"LATIN (CAPITAL|SMALL) LETTER ([A-Z])( WITH .*)?", unicodedata.name(character, ""))
    return named[2] if named else ""


SYLLABLES = [range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0xAC00, 0xD7A4)]
CONSONANTS = [
    range(0x590, 0x700),
    range(0x750, 0x780),
    range(0x8A0, 0x900),
    range(0xFB1D, 0xFE00),
    range(0xFE70, 0xFF00),
]


@cache
def other_letters(character: str) -> str | None:
    """Capitals of a letter or mark of another script; None for what separates."""
    if not 0x370 <= ord(character) <= 0xFFFF or unicodedata.category(character)[0] not in "LM":
        return None
    letters = "".join(re.findall("[A-Z]", anyascii(character).upper()))[:CODE_POINT_MAX]
    unheard = not letters and unicodedata.category(character) == "Lo"
    return "A" if unheard and any(ord(character) in block for block in CONSONANTS) else letters


def script_of(character: str) -> str:
    for name, blocks in (("syllables", SYLLABLES), ("consonants", CONSONANTS)):
        if any(ord(character) in block for block in blocks):
            return name
    return "letters"


def with_vowels(word: str) -> str:
    found = ""
    for place, written in enumerate(word):
        after_consonant = bool(found) and found[-1] not in "AEIOU"
        long_vowel = after_consonant and word[place + 1 : place + 2] not in tuple("AEIOU")
        letter = {"W": "U", "Y": "I"}.get(written, written) if long_vowel else written
        if letter in "AEIOU" and found.endswith(letter):
            continue
        found += ("A" if after_consonant and letter not in "AEIOU" else "") + letter
    return found


def fold_other(text: str) -> list[str]:
    """Words of other scripts."""
    words: list[list[tuple[str, str, str]]] = [[]]  # (script, character, letters)
    for character in text:
        letters = LOST if character == LOST else other_letters(character)
        if letters is None:
            if not is_mark(character) and character not in VANISHING:
                words.append([])
        elif letters:
            last = words[-1][-1][0] if words[-1] else "letters"
            script = last if character == LOST else script_of(character)
            heard = "".join(one for _, one, _ in words[-1] if one != LOST)
            whole = (script == "syllables" and len(heard) == 1) or heard == ARTICLE
            if character != LOST and last == script and whole:
                words.append([])
            words[-1].append((script, character, letters))
    found = []
    for word in words:
        told = "".join(letters for _, _, letters in word)[:LETTERS_MAX]
        if told.strip(LOST):
            found.append(with_vowels(told)[:LETTERS_MAX] if word[-1][0] == "consonants" else told)
    return found[:TOKENS_MAX]


# Names of several words that are written as one, their particle in the middle.
WHOLE = {
    name.replace(" ", ""): name
    for name in (
        "MONTES DE OCA", "MONTE DE OCA", "PONCE DE LEON", "FLOR DE MARIA", "JUAN DE DIOS", "JUAN DE LA CRUZ",
        "MARIA DE JESUS", "MARIA DE LA CRUZ", "MARIA DE LA LUZ", "MARIA DE LOS ANGELES", "MARIA DEL CARMEN",
        "MARIA DEL PILAR", "MARIA DEL ROSARIO", "MARIA DEL TRANSITO",
    )
}  # fmt: skip


@lru_cache(_KEPT)
def fold(text: str) -> str:
    pieces: list[str] = []
    for character in text:
        if character == "\u0303" and re.search("N\u0000*$", "".join(pieces[-40:])):
            while pieces[-1] != "N":  # marks between the letter and its tilde
                pieces.pop()
            pieces[-1] = "Ñ"
        elif is_mark(character):
            pieces.append("\0")
        elif character in VANISHING:
            pieces.append("\1")
        elif character == LOST or (character.isascii() and character.isdigit()):
            pieces.append(character)
        else:
            pieces.extend(latin_letters(character) or " ")
    tokens = [token[:LETTERS_MAX] for token in "".join(p for p in pieces if p not in "\0\1").split()]
    told = [word for token in tokens if token.strip(LOST) for word in WHOLE.get(token, token).split()]
    return " ".join(told[:TOKENS_MAX] or fold_other(text))


def tokens(text: str) -> list[str]:
    every = fold(text).split()
    return [token for token in every if token not in PARTICLES] or every


@lru_cache(_KEPT)
def phonetic_key(token: str) -> str:
    folded = fold(token).split()
    if not folded:
        return ""
    # Small letters are sounds that no later rule of spelling may touch: g hard G, c the sound of CH, k, s, j, w.
    rules = [
        ("PH", "F"),
        ("T[ZS]", "s"),
        ("SH", "s"),
        ("CH", "c"),
        ("QU(?=[EI])|Q", "k"),
        ("GU(?=[EI])", "g"),
        ("G(?=[EI])", "j"),
        ("C(?=[EI])", "s"),
        ("C", "k"),
        ("[XZ]", "s"),
        ("LL", "y"),
        ("^HU(?=[AEIOU])|[GH]U(?=A)", "w"),
        ("H", ""),
        ("V", "B"),
    ]
    key = folded[0]
    for pattern, sound in rules:
        key = re.sub(pattern, sound, key)
    ch = "\1"
    key = key.replace("c", ch).upper()
    key = re.sub("J$", "", key)
    key = re.sub("Ñ|NY|NI(?=[AEIOU])", "N", key)
    key = re.sub("M(?=[BPF])", "N", key)
    key = key.replace("Y", "I")
    key = re.sub("E(?=[AO])", "I", key)
    key = re.sub(r"([^0-9\ufffd])\1+", r"\1", key)
    if not key:
        return folded[0].replace(LOST, "?")
    key = re.sub("^ES(?=[^AEIOU0-9\ufffd])", "S", key)
    if len(key) >= 5:
        key = re.sub("^I(?=[AEIOU])", "J", key)
    key = re.sub("(?<=.)M$", "N", key)
    return key.replace(ch, "C").replace(LOST, "?")


def name_key(text: str) -> str:
    return " ".join(sorted(phonetic_key(token) for token in tokens(text)))


def name_key_of_parts(
    first_given: str = "",
    second_given: str = "",
    third_given: str = "",
    first_surname: str = "",
    second_surname: str = "",
    full: str = "",
) -> str:
    parts = " ".join([first_given, second_given, third_given, first_surname, second_surname])
    return name_key(parts) or name_key(full)


def name_text(parts: Mapping[str, str | None], full: str | None) -> str:
    """The stored form of a name (core/names/reading.pxd); `parts` by PersonName's fields. "" when there is no token."""
    held = {part: text for part, text in parts.items() if text and fold(text)}
    if not any(part != "married_surname" for part in held):
        return clean(full) if full and fold(full) else ""
    given = [held[p] for p in ("first_given", "second_given", "third_given") if p in held]
    surnames = [held[p] for p in ("first_surname", "second_surname") if p in held]
    groups = [" ".join(given), " ".join(surnames)]
    if "married_surname" in held:
        groups.append(held["married_surname"])
    return SEPARATOR.join(clean(group) for group in groups)


@lru_cache(_KEPT)
def clean(text: str) -> str:
    return "".join(" " if character < " " else character for character in text)


# Words of a field of names that name nobody.
_NO_PARENT_WORDS = """
    NO NI SIN SE SABE SABEN CONSTA CONSTAN TIENE INDICA INDICO INDICADO INDICADA APARECE REGISTRA REGISTRADO REGISTRADA
    RECONOCIDO RECONOCIDA DECLARADO DECLARADA DETERMINADO DETERMINADA IDENTIFICADO IDENTIFICADA INDIVIDUALIZADO
    REFIERE MANIFIESTA MANIFESTO PROPORCIONA PROPORCIONO PROPORCIONADO DESCONOCE DESCONOCIDO DESCONOCIDA IGNORA IGNORADO
    IGNORADA IDENTIFICAR INDIVIDUALIZAR ESTABLECER DETERMINAR
    DATO DATOS INFORMACION DISPONIBLE APLICA PENDIENTE OMITIDO OMITIDA NINGUNO NINGUNA NULL NULO NULA NONE NAN NN XX XXX
    XXXX XXXXX NA ND NC NT SD SN SP EL LO AL NOMBRE NOMBRES APELLIDO APELLIDOS PADRE MADRE PADRES PROGENITOR PROGENITORA
    PAPA MAMA SOLTERO SOLTERA FALLECIDO FALLECIDA DIFUNTO DIFUNTA FINADO FINADA MUERTO MUERTA HUERFANO HUERFANA
"""
NO_PARENT = frozenset(_NO_PARENT_WORDS.split())
# These are somebody's name too, or stand beside such words.
_BESIDE_WORDS = """
    NO NI SE EL LO AL NA NAN POR DATO PAPA MAMA SOLTERO SOLTERA MUERTO PERSONA SUJETO INDIVIDUO HOMBRE MUJER MASCULINO
    FEMENINO
"""
BESIDE_NOBODY = frozenset(_BESIDE_WORDS.split())


def parent_text(text: str | None) -> str:
    """The stored form of a parent's name of two words or more; NO CONSTA and a given name alone are nobody's parent."""
    said = sum(len(word) > 1 and word not in NO_PARENT for word in tokens(text or ""))
    return name_text({}, text) if said > 1 else ""


def names_nobody(text: str | None) -> bool:
    """NO CONSTA, XX XX, PERSONA DESCONOCIDA: no word of two letters is a name, and one says so."""
    said = {word for word in fold(text or "").split() if len(word) > 1} - BESIDE_NOBODY
    return bool(said) and said <= NO_PARENT
