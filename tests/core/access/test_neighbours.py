"""Near identifiers as the limits count them, against the rule of docs/trust.md in plain Python."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits

NOW = 1_790_000_000_000
CUI, NIT, CEDULA, DOCUMENT, TELEPHONE, PLATE = 1, 2, 3, 4, 7, 8
_DIGITS = "0123456789"
_CAPITALS = "BCDFGHJKLM"


def compared(kind: int, text: str) -> tuple[str, int]:
    """The characters that are compared, and how many of them may differ."""
    if kind == CUI:
        return text[9:] + text[:8], 3
    if kind in (PLATE, DOCUMENT):
        text = text[4:]
    if kind == NIT:
        text = text[:-1]
    text = "".join(character for character in text if character.isalnum())
    return text, 2 if len(text) <= 7 or kind == CEDULA else 3


def near(kind: int, first: str, second: str) -> bool:
    """One block of so many characters differs; of CUIs also the municipality alone."""
    (one, may), (other, may_too) = compared(kind, first), compared(kind, second)
    if one == other or may != may_too:
        return False
    width = max(len(one), len(other))
    one, other = one.rjust(width), other.rjust(width)
    apart = [i for i in range(width) if one[i] != other[i]]
    return apart[-1] - apart[0] < may or (kind == CUI and apart[-1] < 4)


def _text(kind: int) -> st.SearchStrategy[str]:
    def characters(letters: str, size: int) -> st.SearchStrategy[str]:
        return st.text(letters, min_size=size, max_size=size)

    return {
        CUI: characters(_DIGITS, 13),
        NIT: st.text(_DIGITS, min_size=3, max_size=9),
        CEDULA: st.builds("{}-{} {}".format, st.sampled_from("AB"), st.integers(1, 22), characters(_DIGITS, 6)),
        DOCUMENT: st.builds("{}:{}".format, st.sampled_from(["SLV", "HND"]), st.text("AB0123", min_size=5, max_size=9)),
        TELEPHONE: characters(_DIGITS, 8),
        PLATE: st.builds("GTM:{}{}".format, characters(_DIGITS, 3), characters(_CAPITALS, 3)),
    }[kind]


@st.composite
def _pair(draw: st.DrawFn) -> tuple[int, str, str]:
    """A key, and it with some of its characters drawn anew."""
    kind = draw(st.sampled_from([CUI, NIT, CEDULA, DOCUMENT, TELEPHONE, PLATE]))
    first, other = draw(_text(kind)), draw(_text(kind))
    if len(first) != len(other):
        return kind, first, other
    start, size = draw(st.integers(0, len(first))), draw(st.integers(0, 6))
    return kind, first, first[:start] + other[start : start + size] + first[start + size :]


@settings(max_examples=300, deadline=None)
@given(pair=_pair())
@example(pair=(CUI, "2100000000101", "2100000001722"))
@example(pair=(CUI, "2100000000101", "2100100000101"))
@example(pair=(PLATE, "GTM:123BCD", "GTM:199BCD"))
@example(pair=(PLATE, "GTM:123BCD", "GTM:124BCF"))
@example(pair=(DOCUMENT, "SLV:A12345", "HND:A12346"))
def test_near_is_the_naive_one(pair: tuple[int, str, str]) -> None:
    kind, first, second = pair
    with tempfile.TemporaryDirectory() as directory:
        limits = Limits(Path(directory) / "limits")
        caller = Caller(b"{}", device=b"d", officer=b"o", limits=limits)
        caller.give(1, Grant.everything(), methods=EVERY_METHOD, neighbours=(9, 600, 9))
        for text in (first, second):
            caller.take(1, 2, b"", b"", NOW, bytes([kind]) + text.encode(), False)
        assert (caller.used(1, NOW)[0] > 0) == near(kind, first, second)
