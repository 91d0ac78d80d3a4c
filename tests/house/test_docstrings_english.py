"""Docstrings are in plain English: they begin with a verb or a noun phrase and name the role, not "whom" or "she"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("server", "core", "indexer", "ronda", "clients", "nation", "bench", "tests", "setup.py")
_LEFT_OUT = (ROOT / "core" / "built.py", ROOT / "ronda" / "v1", Path(__file__))  # not in git; bad ones on purpose
_SUFFIXES = {".py", ".pyi", ".pyx", ".pxd"}
_OPENING = re.compile(r"\W*(What|Whatever|Who|Whoever|Whose|Whom|Whether|Of|That|How|Where|When|Which)\b")
_BANNED = re.compile(r"\b(?:whom|whose|whomever|told)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|hers?|herself)\b", re.IGNORECASE)
_CODE = re.compile(r"``.*?``|`[^`]*`")
_QUOTED = re.compile(r'"[^"]*"')
_IN_CYTHON = re.compile(r'^[ \t]*r?"""(.*?)"""', re.DOTALL | re.MULTILINE)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the first line and the text of each docstring of a source, those of constants and fields included."""
    text = path.read_text(encoding="utf-8")
    yield from _of_python(text) if path.suffix in {".py", ".pyi"} else _of_cython(text)


def _of_python(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value


def _of_cython(text: str) -> Iterator[tuple[int, str]]:
    for match in _IN_CYTHON.finditer(text):
        before = text[: match.start()].rstrip("\n").rpartition("\n")[2]
        if not before.lstrip().startswith("cdef extern"):  # then the text is C
            yield text.count("\n", 0, match.start()) + 1, match[1]


def faults(docstring: str) -> list[str]:
    """Returns the rules that a docstring breaks, with the words that break them."""
    text = _CODE.sub("", " ".join(docstring.split()))
    found = [f"begins with {opening[1]}"] if (opening := _OPENING.match(text)) else []
    found += [f"banned word: {word}" for word in _BANNED.findall(text)]
    return found + [f"a role is no {word}" for word in _SHE.findall(_QUOTED.sub("", text))]


def sources(room: str) -> list[Path]:
    """Returns the sources of a room; a room may be one file."""
    place = ROOT / room
    files = [place] if place.is_file() else sorted(place.rglob("*"))
    return [path for path in files if path.suffix in _SUFFIXES and not {path, path.parent}.intersection(_LEFT_OUT)]


@pytest.mark.parametrize("room", ROOMS)
def test_each_docstring_is_plain(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {fault}"
        for path in sources(room)
        for number, text in docstrings(path)
        for fault in faults(text)
    ]
    assert not found, "\n".join(found)


def test_every_room_is_read() -> None:
    read = {room: sum(1 for path in sources(room) for _ in docstrings(path)) for room in ROOMS}
    assert min(read.values()) > 10
    assert sum(read.values()) > 9000


@pytest.mark.parametrize(
    "docstring",
    [
        "What an officer reads.",
        "Of one worker.",
        "Whether it is whole.",
        "\n    How far a run is.\n    ",
        "`code` first. The person whose CUI it is.",
        "The officer is told of it.",
        "The officer and her token.",
        '"Which" is it?',
    ],
)
def test_a_docstring_that_is_not_plain_is_found(docstring: str) -> None:
    assert faults(docstring)


@pytest.mark.parametrize(
    "docstring", ["Returns whether it is whole.", '`told`: called once. The text is "suya, hers".']
)
def test_a_plain_docstring_passes(docstring: str) -> None:
    assert faults(docstring) == []


def test_both_languages_are_read() -> None:
    python = (
        '"""One."""\nLIMIT = 1\n"""Two."""\nclass A:\n    """Three."""\n    def b(self) -> None:\n        """Four."""\n'
    )
    assert [text for _, text in _of_python(python)] == ["One.", "Two.", "Three.", "Four."]
    in_c = 'cdef extern from *:\n    """int whom;"""\n    int whom\n\n'
    cython = 'cdef int one() noexcept nogil:\n    """One\n    two."""\n'
    assert list(_of_cython(in_c + cython)) == [(6, "One\n    two.")]
