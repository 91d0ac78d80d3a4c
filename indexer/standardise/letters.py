"""Letters of names that crossed between code pages, or were lost (docs/manifests.md, "Damaged letters")."""

from __future__ import annotations

import re
from functools import cache
from html.entities import html5
from itertools import islice, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.names import frequencies as name_frequencies
from core.names.keys import fold, phonetic_key, tokens

LOST = "\ufffd"
"""Stands for one unknown letter."""

_LETTERS = "ÁÉÍÓÚÜÑáéíóúüñ"
_CODE_PAGES = ("cp850", "cp437", "latin-1", "cp1252", "mac_roman")
_LETTER = "A-Za-zÀ-ÖØ-öø-ÿ"
# No letter of a name, though Unicode calls them letters.
_NO_LETTERS = "ÐÞðþµƒ"
# Between letters, but not between two whole names, they stand where a letter was; elsewhere they separate,
# as all other signs of ASCII do.
_SIGNS = r"&#?_@$%^~\\|"
# A character as programs write it where they fear for it: of HTML and XML, in an address, in a mail, in JSON.
_ESCAPED = re.compile(
    r"&(?:[A-Za-z]{2,8}|#\d{1,5}|#[xX][0-9A-Fa-f]{1,4});|(?:%[0-9A-Fa-f]{2})+|(?:=[0-9A-F]{2})+|\\u[0-9A-Fa-f]{4}"
)
_ENTITIES = {name.lower(): text for name, text in html5.items() if len(text) == 1}
_BETWEEN_NAMES = " \xa0'-.,&()<>\"/"
WAYS_MOST = 64  # of reading one word; a name needs two or four
_RUN_MOST = 64  # letters beside such a sign that are looked at: no name is longer
_CELL_MOST = 4096  # characters: a longer cell is null (core/standardise/cells.pxd, CELL_MAX)
_SIDE_MOST = 6  # letters behind such a sign: PATI&O, but JOHNSON&JOHNSON


def _misread(letter: bytes, code_page: str) -> str:
    """The characters of some bytes as a code page shows them; what it leaves undefined is a control character."""
    shown = ""
    for byte in letter:
        try:
            shown += bytes([byte]).decode(code_page)
        except UnicodeDecodeError:
            shown += chr(byte)
    return shown


def _is_letter(character: str) -> bool:
    return re.fullmatch(f"[{_LETTER}]", character) is not None and character not in _NO_LETTERS


def _readings() -> dict[str, str]:
    """Returns the misread form of each letter, and the letters that it may have been."""
    found: dict[str, set[str]] = {}
    for letter in _LETTERS:
        for wrong in _CODE_PAGES:
            once = _misread(letter.encode(), wrong)
            for shown in (once, _misread(once.encode(), "cp1252"), _misread(once.encode(), "latin-1")):
                found.setdefault(shown, set()).add(letter)
            for right in _CODE_PAGES:
                shown = _misread(letter.encode(right, "ignore"), wrong)
                if shown and not _is_letter(shown) and (not shown.isascii() or not shown.isprintable()):
                    found.setdefault(shown, set()).add(letter)
    # An accent on its own, and the ordinals (Mª), are written on purpose.
    return {shown: "".join(sorted(letters)) for shown, letters in found.items() if shown not in "´`¨ªº\xa0\xad"}


READINGS = _readings()
_DAMAGED = re.compile(
    "|".join(re.escape(shown) for shown in sorted(READINGS, key=len, reverse=True))
    + f"|(?<=[{_LETTER}])[{_SIGNS}](?=[{_LETTER}{LOST}])|{LOST}{{1,2}}"
    + f"|(?<=[{_LETTER}])[^{_LETTER}\\x00-\\x7f\\s](?=[{_LETTER}])"
)
SUSPICIOUS = re.compile(rf"[{_SIGNS}=]|[^\x00-\x7f{_LETTERS}]")
# Without width or of direction: no letter was there, and the encoder takes them out (core/standardise/cells.pyx).
_HIDDEN_BLOCKS = (
    *(range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x2028, 0x202F), range(0x2060, 0x2070)),
    *(range(0xFE00, 0xFE10), range(0xFFF0, 0xFFFC), range(0x1BCA0, 0x1BCA4), range(0x1D173, 0x1D17B)),
)
_HIDDEN = "\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0" + "".join(
    chr(code) for block in _HIDDEN_BLOCKS for code in block
)
# What names read as no letter (core/names/folding.pyx): Mayan languages write glottal stops so.
_APOSTROPHES = "'’‘‛′ʹʺʻʼʽˈʔ\u0241\u0242\ua78b\ua78c\u1fef\u1ffd\uff07"
_KEPT = set("´`¨ªº\xa0\xad–—" + _APOSTROPHES + _HIDDEN)


@cache
def _known_sounds() -> frozenset[str]:
    lines = (name_frequencies.GIVEN_NAMES + "\n" + name_frequencies.SURNAMES).splitlines()
    return frozenset(phonetic_key(word) for line in lines for word in line.partition(":")[2].split())


def _byte_table() -> npt.NDArray[np.bool_]:
    """Marks bytes of UTF-8 that no whole name holds; C3 leads letters, so the next byte decides."""
    table = np.zeros(256, np.bool_)
    table[[ord(sign) for sign in re.sub(r"\\\\", r"\\", _SIGNS + "=")]] = True
    table[0xC2:] = True
    table[0xC3] = False
    return table


_BYTES = _byte_table()
_BEHIND_C3 = np.isin(np.arange(256), [letter.encode()[1] for letter in _LETTERS])


def mend_column(column: pa.Array[Any]) -> tuple[pa.Array[Any], int, int]:
    """A column of names as `mend` mends each: (column, letters restored, letters lost). Null cells stay."""
    _, offsets, data = column.buffers()
    if offsets is None or data is None or len(column) == 0:
        return column, 0, 0
    starts = np.frombuffer(memoryview(offsets), np.int32)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(memoryview(data), np.uint8)[starts[0] : starts[-1]]
    odd = _BYTES[text]
    odd[:-1] |= (text[:-1] == 0xC3) & ~_BEHIND_C3[text[1:]]
    rows = np.unique(np.searchsorted(starts, np.flatnonzero(odd) + starts[0], side="right") - 1)
    mended: list[str] = []
    mask = np.zeros(len(column), np.bool_)
    restored = lost = 0
    for row in rows.tolist():
        before = column[row].as_py()
        after, put_back, gone = mend(before or "")
        restored, lost = restored + put_back, lost + gone
        if before is not None and after != before:
            mask[row] = True
            mended.append(after)
    if not mended:
        return column, restored, lost
    return pc.replace_with_mask(column, pa.array(mask), pa.array(mended, pa.string())), restored, lost


def _choices(match: re.Match[str]) -> list[str]:
    """The letters that a damaged place may have been, in the case of its neighbours; none = it is lost."""
    text, shown = match.string, match[0]
    if shown not in READINGS:
        return []
    beside = text[: match.start()][-1:] + text[match.end() :][:1]
    letters = READINGS[shown]
    if any(c.isalpha() for c in beside):
        upper = any(c.isupper() for c in beside)
        letters = letters.upper() if upper else letters.lower()
    by_fold = {fold(letter): letter for letter in sorted(letters)}
    return list(by_fold.values())


def mend(text: str) -> tuple[str, int, int]:
    """Returns a name with its letters put back: (text, letters restored, letters lost). Unknown letters are U+FFFD.

    A letter is known when the tables leave one letter (accents aside), or one that makes its word a known name.
    """
    if len(text) > _CELL_MOST or SUSPICIOUS.search(text) is None:
        return text, 0, 0
    text, restored = _unescape(text)
    mended, lost = [], 0
    for word in re.split(r"(\s+)", text):
        fixed, put_back, gone = _mend_word(word)
        mended.append(fixed)
        restored += put_back
        lost += gone
    return "".join(mended), restored, lost


def _unescape(text: str) -> tuple[str, int]:
    """Undoes escapes, even double ones, if a name may hold the result; returns the number of letters put back too."""
    put_back = 0

    def plain(match: re.Match[str]) -> str:
        nonlocal put_back
        shown = _unescaped(match[0])
        if not all(c in _BETWEEN_NAMES or c in READINGS or _is_letter(c) or "\u0300" <= c < "\u0370" for c in shown):
            return match[0]
        put_back += sum(map(_is_letter, shown))
        return shown

    for _ in range(2):
        if not re.search(r"[&%=\\]", text):
            break
        text = _ESCAPED.sub(plain, text)
    return text, put_back


def _unescaped(escaped: str) -> str:
    if escaped.startswith("&#"):
        digits = escaped[2:-1]
        code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
        return chr(code)
    if escaped.startswith("&"):
        told = html5.get(escaped[1:]) or _ENTITIES.get(escaped[1:].lower(), escaped)
        return told.upper() if escaped[1:-1].isupper() and len(told) == 1 else told
    if escaped.startswith("\\"):
        return chr(int(escaped[2:], 16))
    octets = bytes.fromhex(re.sub("[%=]", "", escaped))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _mend_word(word: str) -> tuple[str, int, int]:
    places = [m for m in _DAMAGED.finditer(word) if _is_damage(m)]
    if not places or not re.search(f"[{_LETTER}]", word):
        return word, 0, 0
    choices = [_choices(match) for match in places]
    several = [i for i, letters in enumerate(choices) if len(letters) > 1]
    if several:
        ways = islice(product(*(choices[i] for i in several)), WAYS_MOST)
        held = [way for way in ways if _is_known(_put(word, places, choices, dict(zip(several, way, strict=True))))]
        for place, i in enumerate(several):
            choices[i] = [held[0][place]] if len(held) == 1 else []
    restored = sum(len(letters) == 1 for letters in choices)
    return _put(word, places, choices, {}), restored, len(choices) - restored


def _put(word: str, places: list[re.Match[str]], choices: list[list[str]], chosen: dict[int, str]) -> str:
    out, at = "", 0
    for i, match in enumerate(places):
        letter = chosen.get(i) or (choices[i][0] if len(choices[i]) == 1 else LOST)
        out += word[at : match.start()] + letter
        at = match.end()
    return out + word[at:]


def _is_damage(match: re.Match[str]) -> bool:
    if match[0] in _KEPT:
        return False
    if re.fullmatch(f"[{_SIGNS}]", match[0]):
        before = re.split(f"[^{_LETTER}]+", match.string[max(0, match.start() - _RUN_MOST) : match.start()])[-1]
        behind = re.split(f"[^{_LETTER}]+", match.string[match.end() : match.end() + _RUN_MOST])[0]
        two_names = all(len(side) > 2 and _is_known(side) for side in (before, behind))
        return len(before) + len(behind) > 2 and len(behind) <= _SIDE_MOST and not two_names
    return True


def _is_known(word: str) -> bool:
    return all(phonetic_key(token) in _known_sounds() for token in tokens(word))
