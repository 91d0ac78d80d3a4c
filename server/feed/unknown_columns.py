"""Columns of fed rows that no manifest knows, counted by name: a new one, or a misspelt one that nobody reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from server.logs import WARNING, log

OTHER = "(other)"
_NAMES_MOST = 32  # of one register of a source: a name is the institution's own word, and each is a label of a metric
# As programs name columns. Whoever sends cells for names, a CUI or a telephone, is counted among the others.
_NAME = re.compile(r"(?!.*\d{4})[A-Za-z_@][A-Za-z0-9_@/.-]{0,63}")


class UnknownColumns:
    """The counts since the process began. A row that is refused counts nothing."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Counter[str]] = {}

    def note(self, source: str, register: str, columns: Sequence[str]) -> None:
        """Counts a row that was taken; a name that is new for its register is told in the log once."""
        if not columns:
            return
        counted = self._rows.setdefault((source, register), Counter())
        for column in {_shown(column, counted) for column in columns}:
            if column not in counted:
                log("feed_unknown_column", level=WARNING, source=source, register=register, column=column)
            counted[column] += 1

    def of(self, source: str, register: str) -> dict[str, int]:
        """Returns rows by column."""
        return dict(self._rows.get((source, register), ()))


def _shown(column: str, counted: Counter[str]) -> str:
    if not _NAME.fullmatch(column) or (column not in counted and len(counted) >= _NAMES_MOST):
        return OTHER
    return column
