"""The interface of the application for the screens that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from datetime import datetime
    from typing import Any

    from clients.car.clock import TrustedClock
    from clients.car.link import Link
    from clients.car.officer import OfficerAtIssuer
    from clients.car.outdated import Outdated
    from clients.car.session import Session
    from clients.car.settings import CarSettings
    from clients.car.stop import Asked, Shown, Stop
    from clients.car.typed import Typed
    from ronda.v1.alert_service_pb2 import Recall
    from ronda.v1.context_pb2 import RequestContext


class Reach(Protocol):
    """`clients.car.coverage.Coverage`, as a screen sees it."""

    connected: bool

    @property
    def notice(self) -> str:
        """Text about list and log for the line at the top; "" for nothing."""
        ...


class Application(Protocol):
    """`clients.car.app.CarApp`, as its screens see it."""

    link: Link
    session: Session
    stop: Stop
    level_of_hit: int
    settings: CarSettings
    officer: OfficerAtIssuer | None
    clock: TrustedClock | None
    typed: Typed
    outdated: Outdated

    @property
    def coverage(self) -> Reach:
        """The connection state: whether a server answers."""
        ...

    def bell(self) -> None: ...
    def now(self) -> datetime:
        """The time that the screen shows."""
        ...

    def paint_status(self) -> None:
        """The line at the top, if it is there."""
        ...

    @property
    def is_never_told(self) -> bool:
        """Returns whether no notice will come of changes about subjects that the officer looked up."""
        ...

    def paint_recalls(self) -> None:
        """Paints the changes about subjects that the officer looked up."""
        ...

    def close_lists(self) -> None:
        """Closes a list or the help."""
        ...

    def take_changes(self, recalls: Sequence[Recall]) -> None:
        """Answers that these contradict show no level any more."""
        ...

    def read_recalls(self) -> None:
        """They were read."""
        ...

    def run_in_session(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work in the background, until the lock."""
        ...

    async def renew_token(self) -> None:
        """Gets another token from the issuer, if this one ends soon."""
        ...

    def frame(self) -> RequestContext:
        """Returns the context of a question: its purpose, an id and the time."""
        ...

    async def answer(self, asked: Asked, began: float) -> Shown:
        """Asks the server."""
        ...

    def answer_offline(self, asked: Asked, began: float) -> Shown | None:
        """Asks the hot list."""
        ...

    def enter(self, token: str, same: bool) -> None:
        """Opens the session after a login."""
        ...

    def lock(self, why: str) -> None:
        """Hides everything."""
        ...

    def new_stop(self) -> None:
        """Forgets the vehicle, owner and driver."""
        ...

    def choose_owner(self) -> bool:
        """Asks about the owner; whether there is one."""
        ...

    def choose_candidate(self, shown: Shown) -> bool:
        """Asks about one of several; whether there are any."""
        ...

    def choose_confirmation(self, shown: Shown) -> bool:
        """Asks an institution about a hit; whether there is one."""
        ...

    def choose_from_history(self) -> bool:
        """Asks one of the last questions again; whether there is one."""
        ...
