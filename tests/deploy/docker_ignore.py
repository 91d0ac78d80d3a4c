"""Files that .dockerignore keeps out of a build: patterns begin at the root, and the last that fits decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pathspec

ROOT = Path(__file__).parents[2]


def left_out() -> Callable[[str], bool]:
    """Returns whether a file, named from the root, stays out."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rooted = [
        f"!/{line[1:]}" if line.startswith("!") else f"/{line}" for line in lines if line and not line.startswith("#")
    ]
    return pathspec.GitIgnoreSpec.from_lines(rooted).match_file
