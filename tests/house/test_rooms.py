"""Imports and cimports go down from room to room, and never in a circle (docs/architecture.md)."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter

import pytest

from server.parts import PARTS as PARTS_SERVED
from tests.house.imports import OURS, ROOT, dotted, imports, sources

# From the ground up: a module imports from its own room and from those before it; "" is the package itself.
CORE = (
    "contract", "", "machine", "names", "files", "audit", "ledger", "identifiers", "name_index", "free_text", "access",
    "standardise", "generation", "mart", "call", "assembly", "linking", "subject", "answer", "questions", "clearance",
    "engine", "lane",
)  # fmt: skip


def room(module: str) -> str:
    """`core.engine.entry` and the package `core.engine` are of the room engine, `core.wire` of the ground."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 or (len(parts) == 2 and ROOT.joinpath(*parts).is_dir()) else ""


def drawn(package: str) -> list[str]:
    """The rooms of a package as docs/architecture.md lists them, from the ground up."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split(f"| {package}/ | what for |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return [row.split("|")[1].strip().strip("/").replace("(itself)", "") for row in table.splitlines()]


# The folders of services: they need no row, and none imports another.
SERVICES = {part.name for part in PARTS_SERVED if part.handlers}


@pytest.mark.parametrize("package", ["core", "indexer", "server"])
def test_the_rooms_are_those_that_are_drawn(package: str) -> None:
    rooms = {dotted(path).split(".")[1] for path in sources(package) if path.parent != ROOT / package}
    undrawn = SERVICES if package == "server" else set()
    assert (rooms | {""}) - undrawn == set(drawn(package)) - undrawn


def test_no_arrow_of_the_core_goes_up() -> None:
    assert drawn("core") == list(CORE)
    assert arrows_up("core", CORE, ()) == []


# What composes a part stands in the part itself, above its rooms.
@pytest.mark.parametrize(("package", "on_top"), [("indexer", ("preflight", "pipeline", "summary")), ("server", ())])
def test_no_arrow_of_a_part_goes_up(package: str, on_top: tuple[str, ...]) -> None:
    assert arrows_up(package, tuple(drawn(package)), on_top) == []


_CARD = re.compile(r"server\.\w+\.part")


def test_the_card_of_a_service_is_data() -> None:
    """It lies on the ground, and all rooms may walk its list of parts; the modules that it names are texts."""
    cards = [path for path in sources("server") if _CARD.fullmatch(dotted(path))]
    assert cards
    ground = {"server.part", "server.settings"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in cards
        for name in imports(path, in_texts=False)
        if part(name) in OURS and name not in {*ground, f"server.{room(dotted(path))}.settings"}
    ]
    assert wrong == []


def arrows_up(package: str, rooms: tuple[str, ...], on_top: tuple[str, ...]) -> list[str]:
    def height(module: str, *, imported: bool = False) -> float:
        if imported and _CARD.fullmatch(module):
            return 0
        if package == "server" and room(module) in SERVICES - {*rooms}:
            return rooms.index("processes") - 0.5
        return len(rooms) if module.removeprefix(f"{package}.") in on_top else rooms.index(room(module))

    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if name.startswith(f"{package}.") and height(name, imported=True) > height(dotted(path))
    ]


# What each part may import of ours besides itself; ronda/ puts them together. Tests and benches may import all.
PARTS: dict[str, set[str]] = {
    "core": set(),
    "nation": set(),
    "clients": {"ronda.v1"},
    "indexer": {"core", "ronda.v1"},
    "server": {"core", "ronda.v1"},
    "ronda": {"core", "clients", "indexer", "nation", "ronda.v1", "server"},
}
# Where a module is imported by a name that is made, which no test can read.
MADE = {
    "ronda/command.py": "ronda.commands, by the table PLACES",
    "server/part.py": "what cards name by whole modules, which tests read as texts",
    "core/machine/parent_death.py": "what it is given as an argument: a child of whoever starts it",
}
_MAKERS = re.compile(r"\b(import_module|__import__|run_module|run_path|resolve_name|spec_from_file_location)\b")


def part(module: str) -> str:
    return "ronda.v1" if module.split(".")[:2] == ["ronda", "v1"] else module.partition(".")[0]


@pytest.mark.parametrize("package", list(PARTS))
def test_a_part_imports_what_lies_below_it(package: str) -> None:
    """The clients need no compiled core; nothing that ships needs a bench or a test, not even by -m."""
    forbidden = {*OURS, "ronda.v1"} - PARTS[package] - {package}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in sorted(imports(path))
        if part(name) in forbidden
    ]
    assert sources(package)
    assert wrong == []


def test_a_package_brings_nothing_of_ours_with_it() -> None:
    """Importing clients.spanish.words runs `clients` and `clients.spanish` too, and for ronda.v1 `ronda`."""
    packages = [path for package in PARTS for path in sources(package) if path.name == "__init__.py"]
    packages.append(ROOT / "ronda" / "v1" / "__init__.py")
    assert len(packages) > 40
    assert [path for path in packages if any(part(name) in {*OURS, "ronda.v1"} for name in imports(path))] == []


def test_no_module_is_imported_by_a_name_that_is_made() -> None:
    files = [path for package in PARTS for path in sources(package)]
    found = {str(path.relative_to(ROOT)) for path in files if _MAKERS.search(path.read_text(encoding="utf-8"))}
    assert found == set(MADE)


# What a fresh reader must find in two steps.
LOOKED_FOR = {
    "the check digit of a CUI",
    "the level of a warrant",
    "the bytes of an audit record",
    "the registration of a new service",
}


def test_what_the_page_says_is_there_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("| what | file | name |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert {row[0] for row in rows} >= LOOKED_FOR
    missing = [row for row in rows if not _stands(row[2].strip("`"), (ROOT / row[1]).read_text(encoding="utf-8"))]
    assert missing == []


def _stands(name: str, text: str) -> bool:
    """As a word of its own, not as a piece of another."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def test_no_module_repeats_the_name_of_its_room() -> None:
    same = [
        str(path.relative_to(ROOT)) for package in PARTS for path in sources(package) if path.stem == path.parent.name
    ]
    assert same == []


@pytest.mark.parametrize("package", list(PARTS))
def test_no_module_imports_itself_by_others(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for path in sources(package):
        own = dotted(path)
        # a child that is run with -m may import from its parent
        named = imports(path, in_texts=False)
        graph.setdefault(own, set()).update(name for name in named if part(name) == package and name != own)
    assert len(graph) > 5
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
