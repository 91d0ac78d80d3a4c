"""Text as an SMS carries it: the letters of GSM-7 (3GPP TS 23.038), what each costs, and where a text is cut.

The tables of letters are aiosmpplib's, the library that encodes them. á, í, ó and ú are not among them: one of those
would make a segment of 70 characters of it.
"""

from __future__ import annotations

import unicodedata

from aiosmpplib.codec import GSM_BASIC_ENCODE_MAP, GSM_EXTENDED_ENCODE_MAP

SEGMENT = 160
"""Septets of one SMS."""
MARK = ".."
"""Stands where a text was cut, and where it goes on: there is no ellipsis in GSM-7."""

# Written otherwise, because there is no such letter, or because it costs two septets, or is lost between operators.
_INSTEAD = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛´`", "'"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        **dict.fromkeys("|\\", "/"),
        "…": "..",
        "~": "-",
        "^": "",
        "€": "EUR",
        "@": "(a)",  # septet 0: some operators' software ends the text there
        "º": "o",
        "ª": "a",
        "·": ",",
        "§": "art. ",  # 0x5F, which some software lacks
    }
)

_BASIC = frozenset(GSM_BASIC_ENCODE_MAP)
_MOST_LETTERS = 4_096


class _Letters(dict[int, str]):
    """Substitutes for a letter, by its code point; each is looked up in Unicode's tables once."""

    def __missing__(self, code: int) -> str:
        said = _said(chr(code))
        if len(self) < _MOST_LETTERS:
            self[code] = said
        return said


class _Codes(dict[int, int]):
    """The octet of a letter, by its code point."""

    def __missing__(self, code: int) -> int:
        raise ValueError("not in GSM-7")


_LETTERS = _Letters()
_CODES = _Codes({ord(letter): code for letter, code in GSM_BASIC_ENCODE_MAP.items()})


def gsm_text(text: str) -> str:
    """The text in letters of GSM-7 of one septet each, on one line; ñ, é and ü stay, other accents go."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return " ".join(line.translate(_LETTERS).split())


def _said(letter: str) -> str:
    """Returns the substitute for a missing letter: nothing for an invisible one (joiners, directions), else a question
    mark."""
    instead = letter.translate(_INSTEAD)
    if _BASIC.issuperset(instead):
        return instead
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    plain = plain.translate(_INSTEAD)
    if plain and _BASIC.issuperset(plain):
        return plain
    return "" if unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc") else "?"


def septets(text: str) -> int:
    """Returns the septets of a text. Raises ValueError: a letter is not in GSM-7."""
    if _BASIC.issuperset(text):
        return len(text)
    cost = 0
    for letter in text:
        if letter in GSM_BASIC_ENCODE_MAP:
            cost += 1
        elif letter in GSM_EXTENDED_ENCODE_MAP:
            cost += 2
        else:
            raise ValueError("not in GSM-7")
    return cost


def gsm_octets(text: str) -> bytes:
    """One octet a letter, as short_message has them. Raises ValueError: not of gsm_text."""
    return text.translate(_CODES).encode("latin-1")


def cut_at_words(text: str, budgets: list[int], last: int) -> list[str]:
    """The text in pieces of at most so many septets each, cut between words, each cut marked on both sides.

    text: as gsm_text made it. budgets: of the first pieces, in septets, 16 at least; `last` of each further one. A word
    that fits into no piece is cut within.
    """
    pieces: list[str] = []
    left = text
    while True:
        budget = budgets[len(pieces)] if len(pieces) < len(budgets) else last
        lead = MARK if pieces else ""
        if len(lead) + len(left) <= budget:
            return [*pieces, lead + left]
        room = budget - len(lead) - len(MARK)
        at = left.rfind(" ", 0, room + 1)
        if at <= 0:
            pieces.append(lead + left[:room] + MARK)
            left = left[room:]
        else:
            pieces.append(lead + left[:at].rstrip(" .,;:") + MARK)
            left = left[at + 1 :]
