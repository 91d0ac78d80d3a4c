"""The comments of proto/, which developers read in the stubs of their language, are in plain English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CONTRACT = Path(__file__).parents[2] / "proto" / "ronda" / "v1"
FILES = sorted(CONTRACT.glob("*.proto"))
WORDS_A_SENTENCE = 25
_LINE_WIDTH = 120
_BANNED = re.compile(r"\b(?:whom|whose|whoever|whomever|told|she|hers?|he|his|him)\b", re.IGNORECASE)
_OPENING = re.compile(r"(?:What|Who|Whose|Whom|Whether|Of|That)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+")


def comments(text: str) -> Iterator[tuple[int, str]]:
    """(Number of the first line, text in one line) of each comment. A comment is a run of lines that begin with //."""
    first, lines = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("//"):
            first = first if lines else number
            lines.append(line.strip().removeprefix("//").strip())
        elif lines:
            yield first, " ".join(lines)
            lines = []
    if lines:
        yield first, " ".join(lines)


def faults(comment: str) -> list[str]:
    """The rules of plain English that one comment breaks, with the words that break them."""
    found = [f"banned word: {word}" for word in _BANNED.findall(comment)]
    if opening := _OPENING.match(comment):
        found.append(f"begins with {opening.group()}")
    for sentence in _SENTENCE_END.split(comment):
        if (length := len(sentence.split())) > WORDS_A_SENTENCE:
            found.append(f"{length} words: {sentence}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_comment_is_plain(path: Path) -> None:
    lines = path.read_text(encoding="utf-8")
    found = [f"{path.name}:{number}: {fault}" for number, text in comments(lines) for fault in faults(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_comment_fits_a_screen(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [n for n, line in enumerate(lines, start=1) if "//" in line and len(line) > _LINE_WIDTH] == []


def test_the_whole_contract_is_read() -> None:
    assert len(FILES) > 20
    assert sum(len(list(comments(path.read_text(encoding="utf-8")))) for path in FILES) > 1000


@pytest.mark.parametrize(
    "comment",
    [
        "What a hit is about.",
        "Of a person.",
        "Whether it is final.",
        "The person whose CUI it is.",
        "Secret that she keeps.",
        "A change that is Told later.",
        "Short. " + "word " * 26 + "end.",
    ],
)
def test_a_comment_that_is_not_plain_is_found(comment: str) -> None:
    assert faults(comment)


@pytest.mark.parametrize(
    "comment", ["Officer's PIN, 6 to 12 digits. Source: the officer.", "word " * 24 + "end. Next."]
)
def test_a_plain_comment_passes(comment: str) -> None:
    assert faults(comment) == []


def test_a_comment_is_read_as_one_text() -> None:
    assert list(comments("// One\n// two.\nint32 a = 1;\n  // Three.\n")) == [(1, "One two."), (4, "Three.")]
