"""Every rule that a question of an officer may break is told in Spanish."""

from __future__ import annotations

import re
from pathlib import Path

from clients.spanish.words import RULES

CORE = Path(__file__).parents[2] / "core"
# Of Clear, whose callers are programs, and of what no command can send.
FOR_PROGRAMS = {
    "at most 4,000 rows",
    "at most 1,000 rows by name",
    "one subject a row",
    "not a date",
    "a name needs one",
    "only for WANTED",
    "one entry a row, or none",
    "unknown standard",
}
_REFUSALS = re.compile(
    r'ERROR_REASON_(?:FIELD_INVALID|QUESTION_EMPTY|QUESTION_AMBIGUOUS),[^()\n]*?"([^"\n]+)"\)(?:\n|\s|$)', re.MULTILINE
)
_WORDS = re.compile(r'"([a-z]+)"')


def test_each_rule_of_the_core_has_its_spanish() -> None:
    told = {rule for path in CORE.rglob("*.pyx") for rule in _REFUSALS.findall(path.read_text(encoding="utf-8"))}
    assert len(told) > 20
    assert told - FOR_PROGRAMS - set(RULES) == set()
    places = (("identifiers/canonical.pyx", "RULE_WORDS[] =", ";"), ("calendar.pyx", "date_part_word(", "\n\n\n"))
    for name, begin, end in places:
        text = (CORE / name).read_text(encoding="utf-8")
        words = _WORDS.findall(text.split(begin, 1)[1].split(end, 1)[0])
        assert len(words) > 2
        assert set(words) <= set(RULES)
