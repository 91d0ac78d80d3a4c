"""The parts of the trust directory, each of which fails alone: its last good state stays in force, and it is named.

list                    institutions.toml: which institutions there are
institution/<id>        one institution: its table, CA file and keys
policy                  policy.cedar and limits.toml
revocations             revoked.toml
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from server.settings import SettingsError

LIST, POLICY, REVOCATIONS = "list", "policy", "revocations"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault:
    """The reason why a part of the directory is not in force as its files have it."""

    part: str
    why: str


class Faults:
    """The faults of one reading. strict: the first one is raised, as SettingsError."""

    def __init__(self, *, strict: bool) -> None:
        self.found: list[Fault] = []
        self._strict = strict

    def tried(self, part: str, read: Callable[[], _T]) -> _T | None:
        """Returns what `read` does; None where it failed, whatever it raised. Raises SettingsError where strict."""
        try:
            return read()
        except SettingsError as error:
            self.told(part, str(error))
        except Exception as error:  # a library's own: a key of an unknown kind, a policy that its parser dies of
            self.told(part, f"{part}: {type(error).__name__}")
        return None

    def told(self, part: str, why: str) -> None:
        """Adds a fault. Raises SettingsError where strict."""
        if self._strict:
            raise SettingsError(why)
        self.found.append(Fault(part, why))
