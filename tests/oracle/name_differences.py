"""The differences of two paired names, in plain Python (docs/names.md, "Learned costs")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.names.comparison import DIFFERENCES
from tests.oracle.name_tokens import KINDS, SHORT

if TYPE_CHECKING:
    from tests.oracle.name_match import Name, Pairing, Token

GIVEN, SURNAME, MARRIED, NO_ROLE = "given", "surname", "married", ""


def kind_of(what: str, x: Token, y: Token) -> str:
    """The kind of a pair; another ending tells the sex of given names alone."""
    return "edit" if what == "ending" and {x.role, y.role} <= {SURNAME, MARRIED} else what


def crossed(a: Name, x: Token, b: Name, y: Token) -> str:
    """Returns how the roles of a pair differ; "" where they do not."""
    if x.role == y.role or NO_ROLE in (x.role, y.role):
        return ""
    if GIVEN not in (x.role, y.role):
        return "married surname for a surname"
    return "crossed, roles guessed" if a.guessed or b.guessed else "crossed"


def counts_of(
    a: Name, b: Name, out: Pairing, left: tuple[list[Token], list[Token]], some: dict[str, int], turned: dict[str, bool]
) -> dict[str, int]:
    """Returns how often each of DIFFERENCES is found in two names that are paired; the first asked, the second on file.

    left: tokens of each without a partner. some: pairs with a role. turned: roles with tokens in another order.
    """
    found = dict.fromkeys(DIFFERENCES, 0)
    pairs = [(i, j) for i, j in enumerate(out.partner) if j >= 0]
    single = [(i, j) for n, (i, j) in enumerate(pairs) if not (n and out.kinds[i] == "joined" and pairs[n - 1][1] == j)]
    for i, j in single:
        x, y, what = a.tokens[i], b.tokens[j], kind_of(out.kinds[i], a.tokens[i], b.tokens[j])
        found[DIFFERENCES[KINDS.index(what)]] += 1
        if what not in (*SHORT, "alike") and (how := crossed(a, x, b, y)):
            found[how] += 1
    for role, word in ((GIVEN, "given name"), (SURNAME, "surname")):
        counts = [sum(t.role == role for t in side) for side in left]
        both = min(counts)
        if both:
            found[f"{word} left on both" if some[role] else f"no {word} pairs"] = both if some[role] else 1
            found[f"{word}s left on both are known"] = int(
                all(t.known or len(t.letters) == 1 for t in left[0] if t.role == role)
            )
        for count, where in zip(counts, ("asked", "on file"), strict=True):
            found[f"{word} left: {where}"] = count
        if role == SURNAME and not both and some[role]:
            for name, side, where in ((a, left[0], "asked"), (b, left[1], "on file")):
                first = next((t for t in name.tokens if t.role == SURNAME), None)
                found[f"first surname left: {where}"] = int(any(t is first for t in side))
    for name, side, where in ((a, left[0], "asked"), (b, left[1], "on file")):
        found[f"word left: {where}"] = sum(t.role == NO_ROLE for t in side)
        found[f"married surname left: {where}"] = sum(t.role == MARRIED for t in side)
        words = [t for t in side if t.role != MARRIED]
        whole = sum(t.bits for t in name.tokens if t.role != MARRIED or not any(t is other for other in side))
        found[f"tenths untold: {where}"] = (10 * sum(t.bits for t in words) + whole // 2) // whole if whole else 0
    words = [t for side in left for t in side if t.role != MARRIED]
    found["initial left"] = int(any(len(t.letters) == 1 for t in words))
    found["surnames turned"], found["given names turned"] = int(turned[SURNAME]), int(turned[GIVEN])
    for number, word in enumerate(("one pair", "two pairs", "three pairs"), 1):
        found[f"{word} at most"] = int(out.pairs <= number)
    found["foreign pairs but one"] = max(0, out.abroad - 1)
    found["anything left"] = int("WHOLE" not in out.flags)
    found["a pair unequal"] = int(any(what not in ("exact", "phonetic", "none") for what in out.kinds))
    return found
