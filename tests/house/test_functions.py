"""Code that can be read at one go: functions of at most 60 lines, or a sentence at each step; files of at most 500."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("core", "indexer", "server", "ronda", "clients", "nation")
LONG = 60
LINES_A_SENTENCE = 20  # of a long function
FILE_LINES = 500
# Names, a line each, and nothing else.
TABLES = {"core/names/nicknames.pxi"}
# Written at build time, from proto/, core/standard_record.toml and anyascii.
GENERATED = {
    "core/built.py",
    "core/standard_record.pxd",
    "core/assembly/linked_record.pxd",
    "core/names/other_letters.h",
}

_CYTHON_HEAD = re.compile(r"\s*(?:cdef|cpdef|def|async def)\b[^=]*?(\w+)\(")
# A comment that says something; a linter's or a type checker's word does not.
_SENTENCE = re.compile(r"\s*# (?!noqa|type:|fmt:|pragma)\S+ \S+")
_NO_FUNCTION = re.compile(r"\s*cdef\s+(?:class|struct|enum|union|packed|extern)\b")


class Function(NamedTuple):
    name: str
    lines: list[str]  # of the body, after signature and docstring; texts over several lines are `shape`d

    def is_followed(self) -> bool:
        sentences = sum(_SENTENCE.match(line) is not None for line in self.lines)
        return len(self.lines) <= LONG or sentences * LINES_A_SENTENCE >= len(self.lines)


def shape(text: str) -> list[str]:
    """Returns the lines with an indentation that shows what belongs together, also in Cython.

    A line that another continues, and what stands within a text, is indented as deep as can be; so is a comment that
    is not: where it stands says nothing.
    """
    lines = text.splitlines()
    deep = " " * 200
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, column), (last, _) = token.start, token.end
        if token.type == tokenize.STRING:
            lines[row:last] = [f"{deep}a text" for _ in range(row, last)]
        elif token.type == tokenize.COMMENT and not lines[row - 1][:column].strip():
            lines[row - 1] = deep + lines[row - 1].strip()
    for number, line in enumerate(lines[:-1]):
        if line.endswith("\\"):
            lines[number], lines[number + 1] = line[:-1] + lines[number + 1].strip(), f"{deep}the rest"
    return lines


def python_functions(text: str) -> Iterator[Function]:
    lines = shape(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            first = body[0].lineno if body else node.end_lineno or node.lineno
            yield Function(node.name, lines[first - 1 : node.end_lineno])


def cython_functions(text: str) -> Iterator[Function]:
    """Yields functions with a body: declarations in a .pxd end without a colon."""
    lines = shape(text)
    for start, line in enumerate(lines):
        head = _CYTHON_HEAD.match(line)
        if head is None or _NO_FUNCTION.match(line):
            continue
        end, head_lines = start, line
        while head_lines.count("(") > head_lines.count(")"):
            end += 1
            head_lines += lines[end]
        if not re.search(r":\s*(#.*)?$", lines[end]):
            continue
        indent = len(line) - len(line.lstrip())
        body = []
        for below in lines[end + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= indent:
                break
            body.append(below)
        while body and not body[-1].strip():
            body.pop()
        yield Function(head[1], body)


def sources() -> Iterator[Path]:
    for room in SHIPPED:
        for path in sorted((ROOT / room).rglob("*")):
            made = path.parent == ROOT / "ronda" / "v1" or str(path.relative_to(ROOT)) in GENERATED
            if path.suffix in (".py", ".pyx", ".pxd") and not made:
                yield path


def test_no_long_function_without_a_sentence_at_its_steps() -> None:
    found, seen = [], 0
    for path in sources():
        text = path.read_text(encoding="utf-8")
        for function in python_functions(text) if path.suffix == ".py" else cython_functions(text):
            seen += 1
            if not function.is_followed():
                found.append(f"{path.relative_to(ROOT)}: {function.name}, {len(function.lines)} lines")
    assert seen > 3_000, "both languages are read"
    assert found == []


def test_no_file_is_longer_than_500_lines() -> None:
    suffixes = (".py", ".pyx", ".pxd", ".pyi", ".pxi", ".h")
    files = [path for part in (*SHIPPED, "bench", "tests") for path in (ROOT / part).rglob("*")]
    files = [path for path in files if path.suffix in suffixes and path.parent != ROOT / "ronda" / "v1"]
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert len(lines) > 700
    assert {name for name, count in lines.items() if count > FILE_LINES} - GENERATED == TABLES


def test_a_long_function_is_seen_in_both_languages() -> None:
    steps = "".join(f"    a = {n}\n" for n in range(LONG + 1))
    in_python = f'def long(\n    a: int,\n) -> None:\n    """Of it."""\n{steps}\n\ndef short() -> None:\n    pass\n'
    head = "cdef int long(int a,\n              int b) noexcept nogil:\n"
    in_cython = f"{head}{steps}\n\ncdef int short() noexcept nogil:\n    return 1\n"
    declared = "cdef int long(int a) noexcept nogil\ncdef struct No:\n    int a\n"
    for functions in (list(python_functions(in_python)), list(cython_functions(declared + in_cython))):
        assert [(one.name, one.is_followed()) for one in functions] == [("long", False), ("short", True)]
    told = in_cython.replace("    a = 10\n", "    # a step\n" * 4)
    assert all(one.is_followed() for one in cython_functions(told))


@pytest.mark.parametrize(
    "begins",
    [
        "cdef int long() noexcept nogil:\n# and then\n",
        'cdef object long():\n    text = """\nword\n# of it\n# of it\n# of it\n# of it\n"""\n',
        "cdef int \\\n    long(int a) noexcept nogil:\n",
        "def long():  # noqa\n    # noqa: S101\n    # .\n    # .\n    # type: ignore\n",
        "cdef (int, int) long(int a=f(1)) noexcept nogil:\n",
    ],
)
def test_no_way_of_writing_hides_a_long_function(begins: str) -> None:
    text = begins + "".join(f"    a = {n}\n" for n in range(LONG + 1))
    assert [(one.name, one.is_followed()) for one in cython_functions(text)] == [("long", False)]
