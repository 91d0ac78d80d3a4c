"""Every rule that a question of an officer may break is explained in Spanish."""

from __future__ import annotations

import re
from pathlib import Path

from clients.spanish.feed_rules import rule_text
from clients.spanish.words import RULES
from core.standardise.encoder import RULES as ENCODER_RULES

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core"
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
# What refuses a change of a feed: its form, its number, its row; "{...}" stands for a number or a name.
_OF_CHANGES = (
    ("server/feed/taking.py", re.compile(r'refused\(invalid, "\w+", f?"([^"]+)"\)|rule = f?"([^"]+)"')),
    ("server/feed/sequences.py", re.compile(r'rule = f?"([^"]+)"()')),
    ("indexer/standardise/fed_rows.py", re.compile(r'Fault\("\w+", f?"([^"]+)"()\)')),
)
_WARNINGS = {
    "unparsable",
    "too_long",
    "out_of_range",
    "read_otherwise",
    "doubtful_birth_date",
    "control_characters",
}  # they refuse nothing
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


def test_each_rule_that_refuses_a_change_has_its_spanish() -> None:
    """`ronda feed push` names them in a table that people read."""
    rules = {*ENCODER_RULES, "wrong_column_count", "wrong_length", "malformed_row"} - _WARNINGS
    for name, pattern in _OF_CHANGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        told = {one or other for one, other in pattern.findall(text)}
        assert told, name
        rules |= {re.sub(r"\{[^}]*\}", "7", rule) for rule in told}
    assert len(rules) > 20
    assert {rule for rule in rules if rule_text(rule) == rule} == set()
    assert rule_text("one of ordenes, exhortos") == "es una de ordenes, exhortos"
    assert rule_text("of a server to come") == "of a server to come"
