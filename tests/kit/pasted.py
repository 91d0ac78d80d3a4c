"""Lines that a page of `./run serve` or docs/first-hour.md gives to be pasted, and what each says is to be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMAND = re.compile(r" +((?:RONDA_CONFIG=\S+ )?\.venv/bin/.*)")
_LEVEL = re.compile(r"\s+(ROJO|VERDE|AMARILLO|GRIS|NEGRO): ")


@dataclass(frozen=True)
class Pasted:
    """One command. level: the word of the level that the line below it promises; "" where it promises none."""

    command: str
    level: str


def pasted_lines(page: str) -> list[Pasted]:
    """The commands of the page in its order, continued lines joined."""
    lines = page.replace("\\\n", " ").splitlines()
    found = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if command := _COMMAND.fullmatch(line):
            level = _LEVEL.match(below)
            found.append(Pasted(re.sub(r" {2,}", " ", command[1].strip()), level[1] if level else ""))
    return found


def page_snippets(text: str, language: str) -> list[str]:
    """A page's fenced snippets of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def page_commands(text: str) -> list[str]:
    """Commands that stand within a page's sentences: `.venv/bin/...`."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`(\.venv/bin/[^`\n]+ [^`\n]+)`", outside)
