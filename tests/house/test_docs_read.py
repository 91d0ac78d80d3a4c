"""docs/answers.md and docs/names.md can be read: short lines, and each group of rules names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from clients.spanish.words import level_words
from ronda.v1 import alert_pb2, level_pb2
from tests.oracle import texts

ROOT = Path(__file__).parents[2]
PAGES = ("docs/answers.md", "docs/names.md")
LONGEST = 120  # characters a line
# What a page tells besides rules: what it is for, examples, measurements.
_NO_RULES = {
    "docs/answers.md": {"", "Five answers", "How to read the rules"},
    "docs/names.md": {"", "Measured abroad", "What the cut-offs cost", "Limits", "Measured"},
}
_TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<name>[\w:]+)`")
_REFERENCE = re.compile(
    r"docs/(?P<page>answers|names)\.md(?: sections? (?P<section>\d+))?,? \(?\"(?P<words>[^\"\n]+)\""
)
_REFERRING = ("core", "indexer", "server", "clients", "ronda", "nation", "bench", "tests", "docs", "proto")
_SUFFIXES = {".py", ".pyx", ".pxd", ".pyi", ".pxi", ".md", ".toml", ".proto"}


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """Heading of the second level -> all that stands below it; "" -> what stands before the first."""
    parts = re.split(r"^## (.+)$", text_of(page), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def groups_of_rules(page: str) -> list[tuple[str, str]]:
    """(heading, text) of each group: what stands below a heading of the third level, or of the second before that."""
    groups: list[tuple[str, str]] = []
    for heading, text in sections(page).items():
        if heading not in _NO_RULES[page]:
            parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
            groups += zip([heading, *parts[1::2]], parts[::2], strict=True)
    return [(heading, text) for heading, text in groups if text.strip()]


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of a file's tests as pytest knows them: `test_x`, `TestY::test_x`."""
    found = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_too_long(page: str) -> None:
    assert [line for line in text_of(page).split("\n") if len(line) > LONGEST] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_is_named_exists(page: str) -> None:
    named = list(_TEST.finditer(text_of(page)))
    assert named
    assert [m[0] for m in named if not (ROOT / m["file"]).is_file() or m["name"] not in names_in(m["file"])] == []
    # None is named in another way, that the line above would pass over.
    assert text_of(page).count(".py::") == len(named)


@pytest.mark.parametrize("page", PAGES)
def test_each_group_of_rules_names_a_test(page: str) -> None:
    groups = groups_of_rules(page)
    assert len(groups) >= 5
    assert [heading for heading, text in groups if not _TEST.search(text)] == []


def test_the_rules_of_answers_keep_their_numbers() -> None:
    numbered = [heading.split(".")[0] for heading in sections("docs/answers.md") if heading[:1].isdigit()]
    assert numbered == [str(number) for number in range(1, 16)]


def test_each_reference_to_words_of_a_page_finds_them() -> None:
    """The words quoted by code and pages, `docs/answers.md section 4, "As written"`, stand in that section."""
    lost = []
    for file in (path for room in _REFERRING for path in (ROOT / room).rglob("*") if path.suffix in _SUFFIXES):
        for found in _REFERENCE.finditer(file.read_text(encoding="utf-8")):
            page = f"docs/{found['page']}.md"
            below = [
                heading + text
                for heading, text in sections(page).items()
                if found["section"] is None or heading.startswith(f"{found['section']}.")
            ]
            if not any(found["words"].casefold() in text.casefold() for text in below):
                lost.append(f"{file.relative_to(ROOT)}: {found[0]}")
    assert lost == []


def test_the_five_answers_begin_as_the_command_prints_them() -> None:
    first_lines = re.findall(r"^```\n(.+)$", sections("docs/answers.md")["Five answers"], flags=re.MULTILINE)
    levels = (
        level_pb2.LEVEL_HIT,
        level_pb2.LEVEL_POSSIBLE,
        level_pb2.LEVEL_INCOMPLETE,
        level_pb2.LEVEL_INSUFFICIENT,
        level_pb2.LEVEL_CLEAR,
    )
    assert first_lines == [": ".join(level_words(level)) for level in levels]


def test_the_texts_are_those_that_the_oracle_says() -> None:
    """The oracle's texts are the engine's, in every answer in which the two are compared."""
    section = " ".join(sections("docs/answers.md")["11. Texts"].split())
    for kind, (code, text) in texts.ACTIONS.items():
        word = alert_pb2.AlertKind.Name(kind).removeprefix("ALERT_KIND_")
        assert f"| {word} | {code} | {text} |" in section
    for code, text in texts.NOTES.items():
        assert f"| {code} | {text} |" in section or (len(text) > LONGEST and f'"{text}"' in section), code
