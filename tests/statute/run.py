"""`python -m tests.statute.run FILE...`: tries the cases of these files, and prints those that are answered otherwise.

For whoever writes cases from docs/statute.md without having seen the code. Ends with 1 where one is answered otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from tests.statute.tables import read_table
from tests.statute.trying import placed, try_engine


def main(paths: list[Path]) -> int:
    """The exit status."""
    cases = placed({str(path): read_table(path) for path in paths})
    printed = Printed("case", "says", "asked", "demanded", "told")
    asked = wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for tried in try_engine(Path(directory), cases):
            asked += 1
            if tried.told != tried.demanded:
                wrong += 1
                printed.add_row(tried.name, tried.says, tried.asked, str(tried.demanded), str(tried.told))
    console = Console(width=200)
    if wrong:
        console.print(printed)
    console.print(f"{asked} questions of {len(cases)} cases; {wrong} answered otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main([Path(word) for word in sys.argv[1:]]))
