"""Each path of ours that a text tells, and each link of a page, leads to a file that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.imports import OURS, ROOT

FOLDERS = (*OURS, "docs", "deploy", "proto", ".ci")
FILES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "Dockerfile",
    "run",
    "setup.py",
    "pyproject.toml",
)
KINDS = {".py", ".pyx", ".pxd", ".pyi", ".pxi", ".md", ".toml", ".proto", ".service", ".timer", ".conf", ".js", ".sh"}
_TOLD = re.compile(
    rf"(?<![\w/.*<>-])((?:{'|'.join(OURS)}|docs|deploy|proto)/[\w/-]+\.(?:pyx|pxd|pyi|pxi|py|md|toml|proto|service))\b"
)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_CONFLICT = re.compile(r"^(?:<<<<<<< |>>>>>>> )", re.MULTILINE)  # left by a merge
# Texts about files that a build or a test makes, or that are to be told apart from ours.
NOT_OURS = {"tests/house/test_imports_read.py"}


def texts() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and (path.suffix in KINDS or not path.suffix):
                yield path


def test_each_path_that_is_told_is_there() -> None:
    seen, lost = 0, []
    for path in texts():
        for told in _TOLD.findall(path.read_text(encoding="utf-8", errors="replace")):
            seen += 1
            # protoc's paths begin in proto/
            there = (ROOT / told).exists() or (told.startswith("ronda/v1/") and (ROOT / "proto" / told).exists())
            if not there and str(path.relative_to(ROOT)) not in NOT_OURS:
                lost.append(f"{path.relative_to(ROOT)}: {told}")
    assert seen > 500
    assert lost == []


def test_each_link_of_a_page_leads_to_a_file() -> None:
    pages = [path for path in texts() if path.suffix == ".md"]
    lost = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert len(pages) > 40
    assert lost == []


def test_no_text_holds_what_a_merge_left() -> None:
    held = [str(path) for path in texts() if _CONFLICT.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert held == []
