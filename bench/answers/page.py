"""The promises of docs/damage.md, read from the page itself: the recognisable kinds of damage."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "damage.md"
_HOPELESS = "## Not recognisable"


def _ids(text: str) -> list[tuple[str, str]]:
    """(id, last cell) of each row of the tables."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[a-z_]+(, [a-z_]+)*", cells[0]) and cells[0] != "id":
            found += [(word, cells[-1]) for word in cells[0].split(", ")]
    return found


@cache
def recognisable() -> frozenset[str]:
    """Ids of the kinds that a clerk would recognise."""
    return frozenset(word for word, _ in _ids(PAGE.read_text(encoding="utf-8").split(_HOPELESS)[0]))


@cache
def recognisable_by_birth_date() -> frozenset[str]:
    """Ids of the kinds that a clerk would recognise only beside a birth date (or the parents, who tell as much)."""
    return frozenset(
        word
        for line in PAGE.read_text(encoding="utf-8").split(_HOPELESS)[0].splitlines()
        if "| yes with birth date" in line and "age and department" not in line
        for word, _ in _ids(line)
        if word.startswith("name_")
    )


@cache
def hopeless() -> dict[str, str]:
    """Ids of the kinds that none would recognise, with the reason."""
    return dict(_ids(PAGE.read_text(encoding="utf-8").split(_HOPELESS)[1]))
