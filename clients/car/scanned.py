"""Scans of several lines: which further lines belong to a scan, so that one document is one question."""

from __future__ import annotations

import re

# Characters a line, and lines: ICAO 9303 TD1 (DPI and other cards), TD2, TD3 (passports).
_ZONES = {30: 3, 36: 2, 44: 2}
_FIRST = re.compile(r"[ACIPV][A-Z0-9<]+", re.ASCII)
_LINE = re.compile(r"[A-Z0-9<]+", re.ASCII)
# How the text of a licence's PDF417 begins (AAMVA); its further lines have no form of their own.
_LICENCE = re.compile(r"@|ANSI |AAMVA", re.ASCII)


def lacking_lines(text: str) -> int:
    """How many lines a machine-readable zone still lacks; 0 for a whole one, and for what is none."""
    lines = text.upper().split()
    if not lines or "<" not in lines[0] or not _FIRST.fullmatch(lines[0]):
        return 0
    length = len(lines[0])
    wanted = _ZONES.get(length, 0)
    if any(len(line) != length or not _LINE.fullmatch(line) for line in lines):
        return 0
    return max(0, wanted - len(lines))


def is_licence_code(text: str) -> bool:
    """Whether a licence's code is being scanned: it goes on until the scanner has typed all of it."""
    return _LICENCE.match(text.lstrip()) is not None


def scanned_line(lines: list[str]) -> str:
    """The lines of one document as one question; "" where they are not the lines of one document."""
    joined = " ".join(line.strip() for line in lines)
    whole_zone = "<" in joined and lacking_lines(lines[0].strip()) == len(lines) - 1 and not lacking_lines(joined)
    return joined if whole_zone or is_licence_code(joined) else ""
