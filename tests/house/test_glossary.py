"""CONTRIBUTING's words stand where it says, and a struct's name means one thing in the whole core."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (\w+) \| .+ \| `([\w./]+)`: `([^`]+)` \|$", re.MULTILINE)
_STRUCT = re.compile(r"^cdef (?:packed )?struct (\w+):", re.MULTILINE)
# Both are bytes of a text: borrowed from a request, or a place in an entity's arena.
SHARED = {"Text"}


def test_each_word_lives_where_the_glossary_says() -> None:
    rows = _ROW.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    words = [word for word, _, _ in rows]
    assert len(words) == len(set(words)) >= 15
    for word, file, name in rows:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"\b{re.escape(name)}\b", text), f"{word}: {file} has no {name}"


def test_no_two_structs_share_a_name() -> None:
    files = [path for path in (ROOT / "core").rglob("*") if path.suffix in (".pyx", ".pxd")]
    names = Counter(name for path in files for name in _STRUCT.findall(path.read_text(encoding="utf-8")))
    assert len(names) > 100
    assert {name for name, times in names.items() if times > 1} == SHARED
