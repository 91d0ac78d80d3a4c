"""Columns of fed rows that no manifest knows, counted by name: a new one, or a misspelt one that nobody reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from server.logs import WARNING, log

OTHER = "(other)"
_NAMES_MOST = 32  # of one register of a source
# As programs name columns. Whoever sends cells for names, a CUI or a telephone, is counted among the others.
_NAME = re.compile(r"(?!.*\d{4})[A-Za-z_@][A-Za-z0-9_@/.-]{0,63}")


class UnknownColumns:
    """The counts since the process began. A row that is refused counts nothing."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Counter[str]] = {}

    def note(self, source: str, register: str, columns: Sequence[str]) -> None:
        """Counts a row that was taken.

        The log reports once that a register has unknown columns, without names: in a transposed table the names are
        plates and persons. The feeding institution sees the names.
        """
        if not columns:
            return
        if (source, register) not in self._rows:
            log("feed_unknown_columns", level=WARNING, source=source, register=register)
        counted = self._rows.setdefault((source, register), Counter())
        for column in {_shown(column, counted) for column in columns}:
            counted[column] += 1

    def of(self, source: str, register: str) -> dict[str, int]:
        """Returns rows by column."""
        return dict(self._rows.get((source, register), ()))


def _shown(column: str, counted: Counter[str]) -> str:
    if not _NAME.fullmatch(column) or (column not in counted and len(counted) >= _NAMES_MOST):
        return OTHER
    return column
