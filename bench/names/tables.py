"""The bench's own tables: nicknames, transliterations, abbreviations, sounds, keys and letters that look alike.

Written for this bench. core.names.keys has tables of its own for the same phenomena; neither is derived from the other.
"""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

# Small words of surnames and names; a name's length is counted without them.
PARTICLES = frozenset({"DE", "DEL", "LA", "LAS", "LOS", "Y", "SAN", "SANTA", "VIUDA", "VDA"})

# What a listener writes for what was said, as (pattern, replacement) on plain upper-case letters.
HEARD = [
    (r"B", "V"),
    (r"V", "B"),
    (r"Z", "S"),
    (r"C(?=[EI])", "S"),
    (r"C(?=[EI])", "Z"),
    (r"S(?=[EI])", "C"),
    (r"S$", "Z"),
    (r"Z$", "S"),
    (r"G(?=[EI])", "J"),
    (r"J(?=[EI])", "G"),
    (r"^X", "J"),
    (r"^J(?=[AEIOU])", "H"),
    (r"X(?=[AEIOU])", "SH"),
    (r"SH", "X"),
    (r"LL", "Y"),
    (r"(?<=[AEIOU])Y(?=[AEIOU])", "LL"),
    (r"^Y(?=[AEOU])", "LL"),
    (r"^H(?=[AEIOU])", ""),
    (r"^(?=[AEIO])", "H"),
    (r"QU(?=[EI])", "K"),
    (r"C(?=[AOU])", "K"),
    (r"^C(?=[AOU])", "QU"),
    (r"K", "C"),
    (r"C$", "K"),
    (r"C$", "Q"),
    (r"NI(?=[AOU])", "Ñ"),
    (r"Ñ", "NI"),
    (r"Ñ", "N"),
    (r"TZ", "TS"),
    (r"TZ", "S"),
    (r"M(?=[BP])", "N"),
    (r"N(?=[VF])", "M"),
    (r"GU(?=[AEO])", "W"),
    (r"^HU(?=[AE])", "GU"),
    (r"^W", "GU"),
    (r"PH", "F"),
    (r"TH", "T"),
    (r"(RR|SS|NN|TT|FF|MM|PP)", "1"),  # "1" = the first of the two
    (r"Y$", "I"),
    (r"(?<=[AEIOU])I(?=[AEOU])", "Y"),
    (r"EA", "IA"),
    (r"EO", "IO"),
    (r"D$", ""),
    (r"D$", "T"),
    (r"KS|CC(?=[EI])", "X"),
    (r"^ES(?=[CPT])", "S"),
    (r"R$", "L"),
]

_KEY_ROWS = ("QWERTYUIOP", "ASDFGHJKLÑ", "ZXCVBNM")

# Letters that a scanner or an eye takes for one another.
OCR = [("O", "0"), ("0", "O"), ("I", "1"), ("I", "L"), ("L", "I"), ("S", "5"), ("B", "8"), ("Z", "2"), ("G", "6"),
       ("RN", "M"), ("M", "RN"), ("CL", "D"), ("D", "O"), ("O", "Q"), ("Q", "O"), ("E", "F"), ("F", "E"), ("V", "U"),
       ("U", "V"), ("H", "N"), ("N", "H"), ("C", "G"), ("W", "VV"), ("Ñ", "N"), ("T", "I"), ("R", "K")]  # fmt: skip

ABBREVIATIONS = {
    "MARIA": ("MA.", "M."),
    "FRANCISCO": ("FCO.", "FRCO."),
    "JOSE": ("JSE.",),
    "JUAN": ("JN.",),
    "ANTONIO": ("ANT.", "ANTO."),
    "GUADALUPE": ("GPE.",),
    "HERNANDEZ": ("HDZ.", "HDEZ."),
    "RODRIGUEZ": ("RDZ.", "RGUEZ."),
    "GONZALEZ": ("GLEZ.", "GZLZ."),
    "MARTINEZ": ("MTZ.",),
    "FERNANDEZ": ("FDEZ.",),
    "LOPEZ": ("LPZ.",),
    "GUTIERREZ": ("GTZ.",),
    "DOMINGUEZ": ("DGUEZ.",),
    "JIMENEZ": ("JMZ.",),
    "VELASQUEZ": ("VELQZ.",),
    "RAMIREZ": ("RMZ.",),
}


def plain(text: str) -> str:
    """Upper case without accents; Ñ is kept, an apostrophe goes."""
    kept = text.upper().replace("Ñ", "\0").replace("'", "")
    bare = "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c))
    return bare.replace("\0", "Ñ")


def words(text: str) -> tuple[str, ...]:
    """The plain words of a name that count: no particles, unless there is nothing else."""
    every = tuple("".join(c if c.isalpha() else " " for c in plain(text)).split())
    return tuple(word for word in every if word not in PARTICLES) or every


@cache
def neighbours() -> dict[str, str]:
    """Keys beside, above and below each key of a Spanish keyboard."""
    places = {key: (row, column) for row, keys in enumerate(_KEY_ROWS) for column, key in enumerate(keys)}
    near: dict[str, str] = {}
    for key, (row, column) in places.items():
        near[key] = "".join(
            other
            for other, (r, c) in places.items()
            if other != key and (r, c) in {(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column),
                                           (row - 1, column + 1), (row + 1, column - 1)}
        )  # fmt: skip
    return near


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Plain given name (one or two words) to what friends call its bearer, plain."""
    return {plain(row["given"]): tuple(plain(name) for name in row["nicknames"].split()) for row in _rows("nicknames")}


@cache
def transliterations() -> dict[str, tuple[str, ...]]:
    """Plain spelling to the other plain spellings of the same foreign name."""
    found: dict[str, dict[str, None]] = {}
    for row in _rows("transliterations"):
        spellings = dict.fromkeys(plain(name) for name in row["spellings"].split())
        for one in spellings:
            found.setdefault(one, {}).update({other: None for other in spellings if other != one})
    return {name: tuple(others) for name, others in found.items()}
