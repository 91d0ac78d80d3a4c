"""Imports and cimports go down from room to room, and never in a circle (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# From the ground up: a module imports from its own room and from those before it; "" is the package itself.
CORE = (
    "", "machine", "names", "files", "audit", "identifiers", "name_index", "free_text", "access", "standardise",
    "generation", "call", "assembly", "linking", "subject", "answer", "questions", "clearance", "engine",
)  # fmt: skip
_CIMPORT = re.compile(r"^\s*from (core[\w.]*) c?import (\([^)]*\)|[^\n]+)|^\s*c?import (core[\w.]*)", re.MULTILINE)


def sources(package: str) -> list[Path]:
    found = [path for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".pyx", ".pxd")]
    return [path for path in found if "__pycache__" not in path.parts and "_pb2" not in path.name]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    where = ROOT.joinpath(*name.split("."))
    return any(where.with_suffix(suffix).is_file() for suffix in (".py", ".pyx", ".pxd"))


def named(module: str, names: list[str]) -> Iterator[str]:
    """Modules among the names that are taken from a module or room; the module itself for all others."""
    for name in names:
        yield f"{module}.{name}" if is_module(f"{module}.{name}") else module


def imports(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    found: set[str] = set()
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.update(named(str(node.module), [name.name for name in node.names]))
    else:
        for module, names, alone in _CIMPORT.findall(text):
            listed = [name.split(" as ")[0].strip() for name in re.sub(r"#.*", "", names).strip("()").split(",")]
            found.update([alone] if alone else named(module, [name for name in listed if name]))
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else ""


def drawn(package: str) -> list[str]:
    """The rooms of a package as docs/architecture.md lists them, from the ground up."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split(f"| {package}/ | what for |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return [row.split("|")[1].strip().strip("/").replace("(itself)", "") for row in table.splitlines()]


@pytest.mark.parametrize("package", ["core", "indexer", "server"])
def test_the_rooms_are_those_that_are_drawn(package: str) -> None:
    rooms = {path.name for path in (ROOT / package).iterdir() if (path / "__init__.py").is_file()}
    assert rooms | {""} == set(drawn(package))


def test_no_arrow_of_the_core_goes_up() -> None:
    assert drawn("core") == list(CORE)
    assert arrows_up("core", CORE, ()) == []


# What composes a part stands in the part itself, above its rooms.
@pytest.mark.parametrize(("package", "on_top"), [("indexer", ("preflight", "pipeline", "summary")), ("server", ())])
def test_no_arrow_of_a_part_goes_up(package: str, on_top: tuple[str, ...]) -> None:
    assert arrows_up(package, tuple(drawn(package)), on_top) == []


def arrows_up(package: str, rooms: tuple[str, ...], on_top: tuple[str, ...]) -> list[str]:
    def height(module: str) -> int:
        return len(rooms) if module.removeprefix(f"{package}.") in on_top else rooms.index(room(module))

    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if name.startswith(f"{package}.") and height(name) > height(dotted(path))
    ]


# A part may import itself, and these; what is not listed imports nothing of ours.
BELOW = {
    "indexer": {"core", "ronda.v1"},
    "server": {"core", "ronda.v1"},
    "clients": {"ronda.v1"},
    "ronda": {"core", "indexer", "server", "clients", "nation", "ronda.v1"},
}
OURS = ("core", "indexer", "server", "clients", "ronda", "nation", "bench", "tests")


@pytest.mark.parametrize("package", ["core", "nation", "clients", "indexer", "server", "ronda"])
def test_a_part_imports_what_lies_below_it(package: str) -> None:
    allowed = {package, *BELOW.get(package, set())}
    wrong = []
    for path in sources(package):
        for name in imports(path):
            part = "ronda.v1" if name.startswith("ronda.v1") else name.partition(".")[0]
            if part.partition(".")[0] in OURS and part not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_what_the_page_says_is_there_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (\S+/\S+) \| `([^`]+)` \|$", page.split("## Where is...", 1)[1], re.MULTILINE)
    assert len(rows) > 10
    missing = [(file, name) for file, name in rows if name not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []


def test_no_module_repeats_the_name_of_its_room() -> None:
    same = [
        str(path.relative_to(ROOT))
        for package in ("core", "indexer", "server", "ronda", "clients")
        for path in sources(package)
        if path.stem == path.parent.name
    ]
    assert same == []


@pytest.mark.parametrize("package", ["core", "indexer", "server", "ronda", "clients"])
def test_no_module_imports_itself_by_others(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for path in sources(package):
        own = dotted(path)
        graph.setdefault(own, set()).update(name for name in imports(path) if name.startswith(package) and name != own)
    assert len(graph) > 5
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
