"""The oracle shares with the code that it judges only what its page says: every import is followed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tests.oracle

ROOT = Path(__file__).parents[2]
JUDGED = ("core", "indexer", "server", "clients", "ronda", "bench")
CONTRACT = "ronda.v1"  # both speak it
# Names compared, and their tables; the words of courts; the enum of kinds and what breaks a rule of theirs.
SHARED = {
    "core": "where names/weights.pxd lies",
    "core.names.comparison": "how like two names are",
    "core.linking.scan": "the same for all on file",
    "core.linking.index": "the roles of a name's words",
    "core.names.frequencies": "how common they are",
    "core.names.equivalents": "nicknames and the like",
    "core.standardise.courts": "how courts are written",
    "core.identifiers.kinds": "an enum",
    "core.identifiers.types": "an error and a tuple",
    "indexer.standardise.letters": "which letter a damaged one was",
}


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative"
            modules = [f"{node.module}.{name.name}" for name in node.names if is_module(f"{node.module}.{name.name}")]
            yield from modules
            if len(modules) < len(node.names):  # something of its own
                yield str(node.module)


def is_module(name: str) -> bool:
    where = ROOT.joinpath(*name.split("."))
    return where.is_dir() or any(where.with_suffix(suffix).exists() for suffix in (".py", ".pyx"))


def test_the_oracle_imports_nothing_that_it_judges_but_what_it_names() -> None:
    waiting = list((ROOT / "tests" / "oracle").glob("*.py"))
    seen: set[Path] = set()
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imported(path):
            if name.split(".")[0] in JUDGED and not name.startswith(CONTRACT) and name != "ronda":
                found.add(name)
            elif name.startswith("tests."):
                here = ROOT.joinpath(*name.split("."))
                waiting += [p for p in (here.with_suffix(".py"), here / "__init__.py") if p.exists()]
    assert len(seen) > 30, "the walk follows imports"
    assert found == set(SHARED)
    said = " ".join((tests.oracle.__doc__ or "").split())
    assert [module for module in SHARED if module != "core" and module not in said] == []
