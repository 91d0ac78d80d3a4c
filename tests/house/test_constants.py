"""A constant is set once: two of one name in a module are one, and the first of them is silently another number."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "indexer", "server", "ronda/commands", "clients", "nation", "bench", "tests")
_SET = re.compile(r"^(_?[A-Z][A-Z0-9_]*(?:, _?[A-Z][A-Z0-9_]*)*)(?:: [^=\n]+)? = (.*)$", re.MULTILINE)


def twice(text: str) -> list[str]:
    """Names that begin a line of a module and are set again; what is made of its own old value is not."""
    seen: set[str] = set()
    found = []
    for names, value in _SET.findall(text):
        for name in names.split(", "):
            if name in seen and name not in re.findall(r"\w+", value):
                found.append(name)
            seen.add(name)
    return found


def test_each_constant_is_set_once() -> None:
    files = [file for room in ROOMS for kind in ("*.py", "*.pyx") for file in (ROOT / room).rglob(kind)]
    assert len(files) > 1000
    told = {str(file.relative_to(ROOT)): twice(file.read_text(encoding="utf-8")) for file in files}
    assert {name: names for name, names in told.items() if names} == {}


def test_what_is_set_twice_is_seen() -> None:
    assert twice("_KEPT = 4 << 20\n_A, _B = 1, 2\n_KEPT = 256 << 20\n_B: int = 3\n") == ["_KEPT", "_B"]
    assert twice("ALL = [1]\nALL = [*ALL, 2]\ndef f():\n    ALL = 3\n") == []
