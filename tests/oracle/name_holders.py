"""Persons that a search adds to a page with room: holders of a rare word (docs/answers.md section 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from core.linking.index import name_roles
from core.names.frequencies import NameFrequencies
from tests.core.names.naive_names import phonetic_key
from tests.oracle.name_tokens import COSTS, KINDS, kind
from tests.oracle.record import Subject

HOLDERS_MOST = 1000  # who are looked at
# Kinds by which one word finds another: no initials, short forms, parts of words, or words that are only alike.
FINDING = frozenset(KINDS[1 : KINDS.index("initial")])
_kind = lru_cache(1 << 20)(kind)


def holders_by_token(subjects: Iterable[Subject]) -> dict[str, list[Subject]]:
    """Token -> who bears it in any name, in subject order."""
    found: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        texts = {link.record.name_text for link in subject.links if link.record.name_text}
        for token in {token for text in texts for token, _ in name_roles(text)}:
            found[token].append(subject)
    return found


def shares_a_word(words: Sequence[str], texts: Iterable[str]) -> bool:
    """Returns whether an asked word of more than a letter goes with one of these names."""
    held = {token for text in texts for token, _ in name_roles(text)}
    return any(_kind(word, token) in FINDING for word in words if len(word) > 1 for token in held)


def rare_holders(
    words: Sequence[str], by_token: dict[str, list[Subject]], frequencies: NameFrequencies
) -> Iterator[tuple[list[Subject], bool]]:
    """The holders of each word on file that an asked one may be, from the one that tells most on, while they are
    HOLDERS_MOST together; then the first of the next. True: these are all of them."""

    def tells(word: str, token: str, how: str) -> int:
        bits = min(round(100 * frequencies.bits(phonetic_key(text))) for text in (word, token))
        return max(0, bits - COSTS["edit" if how == "ending" else how])

    rare = []
    for token, holders in by_token.items():
        kinds = [(word, _kind(word, token)) for word in set(words) if len(word) > 1]
        told = [tells(word, token, how) for word, how in kinds if how in FINDING]
        if told:
            rare.append((-max(told), len(holders), token))
    left = HOLDERS_MOST
    for _, count, token in sorted(rare):
        yield by_token[token][:left], count <= left
        left -= count
        if left < 0:
            return
