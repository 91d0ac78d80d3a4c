"""A name as somebody writes it down who heard it over a bad line (telephone.tsv)."""

from __future__ import annotations

from bench.foreign_list.draws import Draws
from bench.names import tables
from bench.names.kinds import table


def _misheard(word: str, draws: Draws) -> str | None:
    """One sound of a word in small letters, taken for another; the likelier the oftener it fits."""
    fits: dict[int, float] = {}
    for number, rule in enumerate(table.misheard()):
        if rule.seen.search(word):
            fits[number] = rule.share
    for _ in range(6 if fits else 0):
        rule = table.misheard()[draws.weighted(fits)]
        hit = draws.pick(list(rule.seen.finditer(word)))
        other = word[: hit.start()] + hit.expand(rule.written) + word[hit.end() :]
        if other != word and len(other) > 1:
            return other
    return None


def heard(text: str, draws: Draws) -> str | None:
    """The name with one to three sounds misheard, in any of its words; None where no sound fits."""
    plain = tables.plain(text).lower().split()
    words = list(plain)
    for _ in range(int(draws.weighted(table.weights("slips_a_call")))):
        long = [place for place, word in enumerate(words) if len(word) > 2]
        if not long:
            break
        place = draws.pick(long)
        other = _misheard(words[place], draws)
        if other is not None:
            words[place] = other
    written = " ".join(words)
    return (written.upper() if draws.chance(0.6) else written.title()) if words != plain else None
