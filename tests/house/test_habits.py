"""The instructions of CONTRIBUTING.md can be followed: files, names and commands that it gives are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_each_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"\b((?:core|server|indexer|ronda|clients|nation|tests|docs|proto)/[\w/.-]*\w\.\w+)", PAGE))
    assert len(named) > 15
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_each_name_is_in_the_file_behind_it() -> None:
    pairs = re.findall(r"`([A-Za-z_][\w.]*?)(?:\(\.\.\.\))?`\s+\((\w+/[\w/.]+\.(?:py|pyx|pxd|proto|toml))\)", PAGE)
    assert len(pairs) >= 5
    assert [(name, file) for name, file in pairs if name not in (ROOT / file).read_text(encoding="utf-8")] == []


def test_each_command_of_run_is_one() -> None:
    script = (ROOT / "run").read_text(encoding="utf-8")
    commands = set(re.findall(r"\./run ([a-z][a-z-]*)", PAGE))
    assert commands >= {"test", "check", "fmt", "hour"}
    assert [name for name in sorted(commands) if not re.search(rf"^{name}\)", script, re.MULTILINE)] == []
