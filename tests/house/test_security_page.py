"""SECURITY.md: each line of the threat model names a test that exists, or says that there is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)(::(?P<name>\w+))?`")


def lines() -> list[tuple[str, str]]:
    """(can or cannot, its tests) of each line."""
    rows = []
    for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] in ("can", "cannot"):
            rows.append((cells[0], cells[-1]))
    return rows


def test_each_line_names_its_test() -> None:
    found = lines()
    assert len(found) > 30
    for word, tests in found:
        named = list(_TEST.finditer(tests))
        assert named or (word, tests) == ("can", "none"), tests
        for test in named:
            tree = ast.parse((ROOT / test["file"]).read_text(encoding="utf-8"))
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert test["name"] is None or test["name"] in functions, test[0]
