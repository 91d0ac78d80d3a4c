"""Counts the differences of two names as the comparison sees them: kinds of token pairs, words left over, order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from core.linking.index import name_roles
from core.names import comparison

_ROLES = {0: "word", 1: "given name", 2: "surname", 3: "husband's"}


@dataclass(frozen=True)
class Difference:
    """kinds: of token pairs. left_asked, left_on_file: roles of words without a partner. turned: another order."""

    kinds: Counter[str] = field(default_factory=Counter)
    left_asked: Counter[str] = field(default_factory=Counter)
    left_on_file: Counter[str] = field(default_factory=Counter)
    turned: bool = False
    explained: float = 0.0  # share of the words asked that pair


def _left(tokens: list[tuple[str, int]], paired: list[str]) -> Counter[str]:
    """Roles of the tokens that stand in no pair; a pair of joined words names both in one text."""
    rest = " ".join(paired).split()
    found: Counter[str] = Counter()
    for token, role in tokens:
        if token in rest:
            rest.remove(token)
        elif not any(token in word and len(word) > len(token) > 1 for word in rest):
            found[_ROLES[role]] += 1
    return found


def difference(asked: str, held: bytes | str, on_file: object) -> Difference:
    """Returns the difference of an asked name from one on file. held: as stored (name_text); on_file: as compare takes
    names."""
    tokens, theirs = name_roles(asked), name_roles(held)
    pairs = comparison.compare({"names": asked}, {"names": on_file}).pairs
    order = [token for token, _ in theirs]
    places = [order.index(second) for _, second in sorted(
        ((_place(tokens, first), second) for first, second, _kind, _bits in pairs)
    ) if second in order]  # fmt: skip
    left = _left(tokens, [first for first, *_ in pairs])
    return Difference(
        Counter(kind for _, _, kind, _ in pairs),
        left,
        _left(theirs, [second for _, second, *_ in pairs]),
        places != sorted(places),
        1 - left.total() / len(tokens) if tokens else 0.0,
    )


def _place(tokens: list[tuple[str, int]], token: str) -> int:
    return next((place for place, (other, _) in enumerate(tokens) if other == token), 0)
