"""A name of another script in other Latin letters, by rules of the language (transliterations.tsv)."""

from __future__ import annotations

import re
from dataclasses import replace

from bench.foreign_list.draws import Draws
from bench.foreign_list.short_forms import bare
from bench.foreign_list.written import Words, changed, text_of
from bench.names.kinds import table

_TRIES = 8
_ANOTHER_SYSTEM = 0.4  # of the words that have more than one usual spelling
_FIRST_OF_TWO = r"\1-"  # a rule that writes a doubled letter once


def _written(hit: re.Match[str], rule: table.Rule, draws: Draws) -> str:
    if not draws.chance(rule.share):
        return hit[0]
    return hit[1][0] if rule.written == _FIRST_OF_TWO else hit.expand(rule.written)


def respelt(text: str, language: str, draws: Draws) -> str:
    """A text in small letters, each rule applied to as many of its places as its share says."""
    for rule in table.transliterations(language):
        text = "".join(_pieces(text, rule, draws))
    return re.sub(r"(.)\1\1+", r"\1\1", text)


def _pieces(text: str, rule: table.Rule, draws: Draws) -> list[str]:
    found, after = [], 0
    for hit in rule.seen.finditer(text):
        found += [text[after : hit.start()], _written(hit, rule, draws)]
        after = hit.end()
    return [*found, text[after:]]


def transliterated(words: Words, language: str, draws: Draws) -> str | None:
    """The name in another spelling; None where it came out the same."""
    usual = bare(text_of(words))
    for _ in range(_TRIES):
        again = words
        for place, word in enumerate(words):
            forms = word.entry.forms
            if word.shown:
                form = draws.pick(forms[1:]) if len(forms) > 1 and draws.chance(_ANOTHER_SYSTEM) else forms[0]
                spelt = respelt(bare(form), language, draws).strip(" -") or form
                again = changed(again, place, entry=replace(word.entry, forms=(spelt,)))
        text = " ".join(text_of(again).split())
        if bare(text) != usual:
            return text.title() if draws.chance(0.6) else text.upper()
    return None
