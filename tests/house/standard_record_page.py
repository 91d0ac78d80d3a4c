"""The tables of docs/standard-record.md. `python -m tests.house.standard_record_page` writes them into the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.standard_record import NUMBERS, PARTS

PAGE = Path(__file__).parents[2] / "docs" / "standard-record.md"
BEGIN, END = "<!-- standard record -->\n", "<!-- end of standard record -->"


def tables() -> str:
    """A table a part, and the numbers that stand in columns, as Markdown."""
    return "\n".join(_lines()) + "\n\n"


def _lines() -> Iterator[str]:
    for part in PARTS.values():
        yield from ("", f"## {part.about}", "", f"Filled by `{part.by}`.", "")
        yield from ("| column | type | meaning |", "|---|---|---|")
        for column in part.columns:
            yield f"| `{column.name}` | {column.type}{'?' if column.nullable else ''} | {column.means} |"
    yield from ("", "## Numbers in columns", "", "| number | value |", "|---|---|")
    yield from (f"| `{name}` | {number} |" for name, number in NUMBERS.items())


def main() -> None:
    """Writes the tables into the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(head + BEGIN + tables() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
