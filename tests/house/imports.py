"""Imports of a source of ours: Python and Cython, in any wording, also as a text that is imported or run."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("core", "server", "indexer", "clients", "ronda", "nation", "bench", "tests")
PYTHON, CYTHON = {".py", ".pyi"}, {".pyx", ".pxd", ".pxi"}
_OURS = "|".join(OURS)
# `core.engine.entry` and `core/access/limits_file.py` within a text.
_IN_TEXT = re.compile(rf"(?<![\w./-])(?:{_OURS})(?:\.\w+)+|(?<![\w./-])(?:{_OURS})(?:/\w+)+(?=\.py\b)")
# A statement begins a line, or stands behind `:` or `;`.
_CYTHON = re.compile(
    r"(?:^|[:;])[ \t]*(?:"
    r"from[ \t]+(?P<module>[.\w]+)[ \t]+c?import[ \t]*(?P<names>\([^)]*\)|[^\n;]+)"
    r"|c?import[ \t]+(?P<alone>[\w., \t]+)"
    r"|include[ \t]+[\"'](?P<included>[^\"'\n]+)[\"'])",
    re.MULTILINE,
)
_CYTHON_TEXT = re.compile(r"(?P<quote>\"\"\"|'''|\"|')(?P<text>(?:\\.|(?!(?P=quote)).)*?)(?P=quote)", re.DOTALL)


def sources(package: str) -> list[Path]:
    """Its sources, but what protoc and mypy-protobuf write."""
    return [
        path
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in PYTHON | CYTHON and path.parent != ROOT / "ronda" / "v1"
    ]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def is_module(name: str) -> bool:
    """A module or a package of ours."""
    where = ROOT.joinpath(*name.split("."))
    return name.split(".", 1)[0] in OURS and (
        where.is_dir() or any(where.with_suffix(suffix).is_file() for suffix in PYTHON | CYTHON)
    )


def imports(path: Path, *, in_texts: bool = True) -> set[str]:
    """Dotted names, those of ours down to the module or, when a package itself is imported, to the package.

    `in_texts`: also what a text names, for import_module or a child's `python -m`.
    """
    return imports_of(path.read_text(encoding="utf-8"), path, in_texts=in_texts)


def imports_of(text: str, path: Path, *, in_texts: bool = True) -> set[str]:
    """The same of a text, as if it stood at a path."""
    package = dotted(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    if path.suffix in PYTHON:
        tree = ast.parse(text)
        return {*_of_python(tree, package), *(_in_python_texts(tree) if in_texts else ())}
    text = _without_comments(text)
    return {*_of_cython(text, package, path), *(_in_cython_texts(text) if in_texts else ())}


def _absolute(module: str, package: list[str]) -> str:
    """`..engine` within core.answer is core.engine."""
    up = len(module) - len(module.lstrip("."))
    parts = [*package[: len(package) - up + 1], module.lstrip(".")] if up else [module]
    return ".".join(part for part in parts if part)


def _taken(module: str, names: Iterator[str]) -> Iterator[str]:
    """Modules among the names that are taken from a module or room; the module itself for all others."""
    for name in names:
        yield f"{module}.{name}" if is_module(f"{module}.{name}") else module


def _in_text(text: str) -> Iterator[str]:
    """The modules that a text names, to be imported or run: none by a name that is only like one."""
    for found in _IN_TEXT.findall(text):
        parts = found.replace("/", ".").split(".")
        # The longest beginning that is one, for `module.function`; a file's first folder is no module by itself.
        for end in range(len(parts), 1, -1):
            if is_module(".".join(parts[:end])):
                yield ".".join(parts[:end])
                break


def _of_python(tree: ast.Module, package: list[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute("." * node.level + (node.module or ""), package)
            yield from _taken(module, (name.name for name in node.names))


def _in_python_texts(tree: ast.Module) -> Iterator[str]:
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from _in_text(node.value)
        elif isinstance(node, ast.List | ast.Tuple | ast.Call):
            # `python -m nation`: a word alone is a module behind -m only
            row = node.args if isinstance(node, ast.Call) else node.elts
            words = [one.value if isinstance(one, ast.Constant) else None for one in row]
            yield from (str(run) for flag, run in pairwise(words) if flag == "-m" and run in OURS)


def _of_cython(text: str, package: list[str], path: Path) -> Iterator[str]:
    code = _CYTHON_TEXT.sub(lambda found: found[0] if "\n" not in found[0] else '""', text)
    for statement in _CYTHON.finditer(code.replace("\\\n", " ")):
        if statement["included"]:
            beside = path.parent / statement["included"]
            yield dotted((beside if beside.is_file() else ROOT / statement["included"]).resolve())
        elif statement["alone"]:
            yield from (name.split(" as ")[0].strip() for name in statement["alone"].split(","))
        else:
            listed = re.sub(r"[()\s]+", " ", statement["names"]).split(",")
            names = (name.split(" as ")[0].strip() for name in listed)
            yield from _taken(_absolute(statement["module"], package), (name for name in names if name))


def _in_cython_texts(text: str) -> Iterator[str]:
    for quoted in _CYTHON_TEXT.finditer(text):
        if len(quoted["quote"]) == 1:
            yield from _in_text(quoted["text"])


def _without_comments(text: str) -> str:
    """Cython's words are Python's, so its comments are found as Python's are."""
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            (row, start), (_, end) = token.start, token.end
            lines[row - 1] = lines[row - 1][:start] + lines[row - 1][end:]
    return "".join(lines)
