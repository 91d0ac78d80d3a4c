"""One validated caller and what policy gave it, looked up without the GIL."""

from collections.abc import Iterable

from typing_extensions import disjoint_base

from core.access.grant import Grant
from core.access.limits import Limits

EVERY_METHOD: int
METHOD_OF_CLEAR: int  # bit number of ClearanceService.Clear in a mask of methods, beside core.engine.entry.Method

_Limit = tuple[int, float, int]  # look-ups, seconds in which they are earned, how many may come at once

@disjoint_base
class Caller:
    """A device, an officer and their token. One for each (client certificate, token); each purpose is decided once."""

    def __init__(
        self,
        identity: bytes,
        *,
        device: bytes = b"",
        officer: bytes = b"",
        unit: bytes = b"",
        expires_ms: int = ...,
        flags: int = 0,
        limits: Limits | None = None,
    ) -> None:
        """identity: UTF-8 JSON for the audit record. device, officer: names that the limits count by. unit:
        "institution/unit"; the officer's hours are compared with its habit. expires_ms: end of the token, UTC. flags:
        LOOK_* of core/access/caller.pxd."""

    @property
    def identity(self) -> bytes:
        """UTF-8 JSON, as the audit record holds it."""

    @property
    def device_key(self) -> int:
        """Key that the device is counted by: a hash of its name."""

    @property
    def officer_key(self) -> int:
        """Key that the officer is counted by: a hash of their name."""

    def give(
        self,
        purpose: int,
        grant: Grant,
        *,
        methods: int,
        needs_case: bool = False,
        needs_reason: bool = False,
        break_glass: bool = False,
        hours: int = ...,
        hours_refused: bool = False,
        repeats_refused: bool = False,
        neighbours_refused: bool = True,
        misses_refused: bool = True,
        subjects_refused: bool = True,
        expires_ms: int | None = None,
        officer: _Limit | None = None,
        officer_day: _Limit | None = None,
        device: _Limit | None = None,
        rows: _Limit | None = None,
        neighbours: _Limit | None = None,
        repeats: _Limit | None = None,
        misses: _Limit | None = None,
        subjects: _Limit | None = None,
        persons: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        """Decides a purpose: what it shows, its methods (bit of core.engine.entry.Method, METHOD_OF_CLEAR), its limits.

        `persons`: different persons that lists show in an hour, in a day, and anything in a day; 0 = no bound.
        `hours`: bit of each hour of the day in Guatemala at which use is expected; `expires_ms`: None = the token's
        end.
        Raises ValueError for a purpose that was decided before, and for a limit that is not above 0.
        """

    def deny(self, purpose: int) -> None:
        """Decides that a purpose is forbidden. Raises ValueError for one that was decided before."""

    def decided(self, purpose: int) -> bool:
        """Returns whether policy was asked about a purpose (0 to 15)."""

    def retire(self) -> None:
        """Ends the caller: its next call raises GrantNeeded."""

    @property
    def retired(self) -> bool: ...
    @property
    def expires_ms(self) -> int:
        """End of the token, UTC milliseconds."""

    @property
    def flags(self) -> int:
        """LOOK_* of core/access/caller.pxd that hold for every call."""

    @staticmethod
    def of_development(identity: bytes) -> Caller:
        """The built-in caller of development mode: everything, for every purpose, without limits."""

    def take(
        self,
        purpose: int,
        method: int,
        request_id: bytes,
        request: bytes,
        clock_ms: int,
        asked_key: bytes = b"",
        found: bool | None = None,
    ) -> int:
        """Counts one look-up as the engine does (limits_take, limits_watch); returns LOOK_* of core/access/caller.pxd.

        asked_key: one byte KEY_* of core/identifiers/kinds.pxd, then the canonical text. found: whether it found
        somebody; None = neither a sign of enumeration nor ordinary work.

        Raises LimitExceeded, QuestionError (context.request_id), ValueError for a purpose that was not given.
        """

    def take_rows(self, purpose: int, rows: int, request_id: bytes, batch: bytes, clock_ms: int) -> int:
        """Counts the rows of one Clear batch (limits_take_rows). Raises LimitExceeded, ValueError."""

    def take_rows_asked(self, purpose: int, rows: Iterable[tuple[bytes, bool]], clock_ms: int) -> int:
        """Weighs rows of Clear as limits_watch_rows does: key (one byte KEY_*, canonical text), whether it found
        somebody. Returns LOOK_* of core/access/caller.pxd. Raises LimitExceeded."""

    def show(
        self,
        purpose: int,
        subject_ids: Iterable[bytes],
        clock_ms: int | None = None,
        *,
        listed: bool = False,
        refuses: bool = True,
    ) -> None:
        """Counts persons that an answer shows, as the engine does (core/access/audience.pxd).

        listed: a list shows them. subject_ids: at most 192. clock_ms: None = now. refuses: else they are only counted.
        Raises TooManyPersons, ValueError for a purpose that was not given.
        """

    def used(self, purpose: int, clock_ms: int) -> tuple[float, float, float]:
        """Returns an officer's use of `neighbours`, `misses` and `subjects`: 0 to 1 each, 0 if there is no bound."""
