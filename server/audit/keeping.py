"""The second keepers of one log: compared with the log, handed each checkpoint, watched for loss.

A keeper that lost checkpoints gets nothing more until it holds them again. Otherwise new ones would lie below a mount
point and look like the whole history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from server.audit.accepting import must_be_accepted
from server.audit.checkpoints import Checkpoint
from server.audit.confirmed import Held, confirmed, held_by, write_confirmed
from server.audit.keepers import Keeper, KeeperError, KeeperGone, KeeperLost
from server.audit.key_chain import KeyChain
from server.audit.restorations import Restorations
from server.logs import ERROR, WARNING

_NOTED_EVERY_S = 60.0


class Inconsistent(Exception):
    """The log on disk does not continue what was signed: it was altered, cut, or rolled back."""


def awaits_a_person(held: Held, restorations: Restorations) -> bool:
    """Returns whether the log has one restoration more than a keeper: a person there must accept it."""
    return bool(restorations.each) and restorations.texts[:-1] == held.restorations


def other_restorations(held: Held, restorations: Restorations) -> str:
    """Returns why nothing is signed with these restorations at a keeper and in the log; "" = signing is allowed.

    A keeper that holds nothing takes them as they are.
    """
    if held.restorations == restorations.texts or not (held.restorations or held.last is not None):
        return ""
    if awaits_a_person(held, restorations):
        return must_be_accepted(restorations.each[-1])
    return "the second keeper holds another restoration than the log, or a later one"


class Alarm(Protocol):
    """Logs an event at most once a minute."""

    def __call__(self, event: str, level: int = ERROR, **fields: Any) -> None:
        """The event and its fields."""


class Keeping:
    """The keepers, by their place among the settings."""

    def __init__(
        self,
        directory: Path,
        keepers: Sequence[Keeper],
        hold_against: Callable[[Checkpoint | None], None],
        alarm: Alarm,
        monotonic: Callable[[], float],
    ) -> None:
        """hold_against: raises Inconsistent unless the log continues a keeper's newest checkpoint."""
        self._directory = directory
        self._keepers = keepers
        self._hold_against = hold_against
        self._alarm = alarm
        self._monotonic = monotonic
        self.kept = [0] * len(keepers)  # number of the last checkpoint that each took
        self.lost = [False] * len(keepers)
        self._reached = [False] * len(keepers)  # whether what each holds was held against the log
        self._sure = [False] * len(keepers)  # whether what it holds was looked at since it answered last
        self._noted: dict[str, int] = {}
        self._noted_at = -_NOTED_EVERY_S  # of the monotonic clock

    def begin(self, keys: KeyChain, restorations: Restorations, signed: int) -> None:
        """Compares the keepers with the log at the start. signed: number of the log's newest checkpoint. Raises
        Inconsistent."""
        for place in range(len(self._keepers)):
            try:
                self._hold(place, keys, restorations)
            except KeeperError as error:
                self._failed(place, error, "audit_keeper_not_reached")
            else:
                if signed and not self.kept[place]:
                    self._alarm("audit_keeper_begins", level=WARNING, keeper=place + 1, number=signed + 1)

    def _hold(self, place: int, keys: KeyChain, restorations: Restorations) -> None:
        """Raises Inconsistent unless the state on disk continues what a second keeper holds, KeeperError."""
        keeper = self._keepers[place]
        held = held_by(keeper, keys, self._confirmed(place))
        if why := other_restorations(held, restorations):
            if awaits_a_person(held, restorations):
                try:
                    keeper.ask(restorations, keys)
                except KeeperError as error:
                    why = f"the second keeper: {error}"
            raise Inconsistent(why)
        self._hold_against(held.last)
        self.kept[place] = held.last.number if held.last is not None else 0
        self.lost[place] = False
        self._reached[place] = self._sure[place] = True

    def _confirmed(self, place: int) -> int:
        """The newest number that a keeper took, by the note and by what was handed over since; 0 = none is known."""
        return max(self.kept[place], confirmed(self._directory).get(self._keepers[place].name, 0))

    def hand_over(self, checkpoint: Checkpoint, keys: KeyChain, restorations: Restorations) -> None:
        """Gives each a checkpoint. Raises Inconsistent for one that is reached for the first time."""
        for place, keeper in enumerate(self._keepers):
            try:
                if not self._reached[place]:  # at the start: it may hold what the log lost since
                    self._hold(place, keys, restorations)
                elif not self._sure[place]:  # another process may answer now, over another directory
                    held_by(keeper, keys, self._confirmed(place))
                keeper.keep(checkpoint, keys, restorations)
                self.kept[place] = checkpoint.number
                self.lost[place], self._sure[place] = False, True
            except KeeperError as error:
                self._failed(place, error, "audit_keeper_failed", number=checkpoint.number)
        if self._monotonic() - self._noted_at >= _NOTED_EVERY_S:
            self.note()

    def _failed(self, place: int, error: KeeperError, event: str, **fields: Any) -> None:
        if isinstance(error, KeeperLost):
            self.lost[place] = True
            self._alarm("audit_keeper_lost", keeper=place + 1, held=error.held, confirmed=error.confirmed)
            return
        if isinstance(error, KeeperGone):
            self._sure[place] = False
        self._alarm(event, why=str(error), **fields)

    def note(self) -> None:
        """Writes down what each took; a disk that refuses is asked again later."""
        self._noted_at = self._monotonic()
        before = confirmed(self._directory)
        names = [keeper.name for keeper in self._keepers]
        now = {name: kept or before.get(name, 0) for name, kept in zip(names, self.kept, strict=True)}
        if now != before and any(now.values()):
            with suppress(OSError):
                write_confirmed(self._directory, now)

    def close(self) -> None:
        """Notes what each took, and ends what is open."""
        self.note()
        for keeper in self._keepers:
            keeper.close()
