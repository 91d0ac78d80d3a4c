"""Writes the table of docs/doctor.md: `.venv/bin/python -m tests.doctor.doctor_page`."""

from __future__ import annotations

from ronda.doctor.findings import KINDS, Kind
from tests.server.running_server import ROOT

PAGE = ROOT / "docs" / "doctor.md"
HEAD = "| finding | weight | what | do |\n|---|---|---|---|\n"


def row(kind: Kind) -> str:
    """A line of the table; the page that says what to do is linked."""
    page, _, anchor = kind.page.removeprefix("docs/").partition("#")
    link = f"[{page}]({page}{'#' + anchor if anchor else ''})"
    return f"| `{kind.name}` | {kind.weight} | {kind.what} | {kind.do}: {link} |\n"


def table() -> str:
    """All of it, without its head."""
    return "".join(map(row, KINDS.values()))


def main() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    _, _, after = rest.partition("\n\n")  # an empty line ends the table
    PAGE.write_text(f"{before}{HEAD}{table()}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
