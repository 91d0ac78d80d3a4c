"""Decides which registers' differences in a view are news, and keeps the earlier alerts of the others.

A missing alert is no cancellation if the register did not cancel it: an extract was withdrawn, a base rolled back, or
the ledger is another one or an old copy. For such a register earlier alerts stand, and nothing is new, until a later
extract of it serves. Live changes always count as the register's statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from server.recall.alerts import RecordId, StandingAlert


class Spoken(NamedTuple):
    """The last word of a register."""

    as_of_ms: int  # of its extract that served last
    behind: bool = False  # what serves since may lack what it had said


@dataclass(frozen=True)
class Words:
    """The registers and records of one view that may give news."""

    silent: frozenset[str]  # registers that say less than they said
    speaking: frozenset[str]
    fed: frozenset[RecordId]  # that were fed since the view before

    @classmethod
    def of(
        cls,
        registers: Iterable[Mapping[str, Any]],
        spoken: Mapping[str, Spoken],
        fed: Iterable[RecordId],
        *,
        other: bool,
    ) -> Words:
        """Returns the words of one view.

        registers: of the base's manifest. spoken: as `went_back` has it. other: True if the base is another than
        before. Then, if a register is silent, other registers' statements may follow from that, so only those with a
        later extract count.
        """
        loaded = _loaded(registers)
        later = {name for name, as_of_ms in loaded.items() if name not in spoken or as_of_ms > spoken[name].as_of_ms}
        silent = {name for name, last in spoken.items() if name not in loaded or (last.behind and name not in later)}
        speaking = later if other and silent else loaded.keys() - silent
        return cls(frozenset(silent), frozenset(speaking), frozenset(fed))

    def standing(self, before: Sequence[StandingAlert], now: Sequence[StandingAlert]) -> Sequence[StandingAlert]:
        """The alerts of a subject, of which nothing is missing or new that nobody said."""
        if not self.silent:
            return now
        was = [alert for alert in before if alert.pending]
        known = {record for alert in was for record in alert.records}
        kept = [
            alert
            for alert in now
            if any(map(self._is_word, alert.records)) or (alert.pending and known.intersection(alert.records))
        ]
        said = {record for alert in kept for record in alert.records}
        stood = [
            alert
            for alert in was
            if not all(map(self._is_word, alert.records)) and not said.intersection(alert.records)
        ]
        return [*kept, *stood]

    def _is_word(self, record: RecordId) -> bool:
        return record[0] in self.speaking or record in self.fed


def went_back(
    registers: Iterable[Mapping[str, Any]], spoken: Mapping[str, Spoken], *, anew: bool, older: bool
) -> dict[str, Spoken]:
    """The last words, with those that may be missing from a view.

    anew: the ledger is not the one of the view before, or an older copy: whatever was fed may be missing. older: the
    base was built before the one of the view before.
    """
    loaded = _loaded(registers)
    return {
        name: last._replace(behind=last.behind or anew or (older and loaded.get(name, 0) < last.as_of_ms))
        for name, last in spoken.items()
    }


def spoken_after(registers: Iterable[Mapping[str, Any]], spoken: Mapping[str, Spoken]) -> dict[str, Spoken]:
    """The last words once a view is taken over. spoken: as `went_back` has it."""
    found = dict(spoken)
    for name, as_of_ms in _loaded(registers).items():
        last = found.get(name, Spoken(0))
        if as_of_ms > last.as_of_ms or not last.behind:
            found[name] = Spoken(as_of_ms)
    return found


def _loaded(registers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Returns the as-of of a base's loaded registers, UTC ms."""
    return {stated["id"]: int(stated["as_of_ms"]) for stated in registers if stated["state"] == "loaded"}
