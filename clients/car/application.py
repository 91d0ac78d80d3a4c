"""What the screens ask of the application, which makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from clients.car.link import Link
    from clients.car.session import Session
    from clients.car.stop import Asked, Shown, Stop
    from ronda.v1.context_pb2 import RequestContext


class Application(Protocol):
    """`clients.car.app.CarApp`, as its screens see it."""

    link: Link
    session: Session
    stop: Stop
    level_of_hit: int
    connected: bool

    @property
    def notice(self) -> str:
        """What the line at the top says of the off-line log; "" for nothing."""
        ...

    def bell(self) -> None: ...
    def frame(self) -> RequestContext:
        """Why a question is asked, with an id and the time."""
        ...

    async def answer(self, asked: Asked, began: float) -> Shown:
        """Asks the server."""
        ...

    def answer_offline(self, asked: Asked, began: float) -> Shown | None:
        """Asks the hot list."""
        ...

    def enter(self, token: str, same: bool) -> None:
        """Somebody logged in."""
        ...

    def lock(self, why: str) -> None:
        """Hides everything."""
        ...

    def new_stop(self) -> None:
        """Forgets the vehicle, owner and driver."""
        ...

    def choose_owner(self) -> None:
        """Asks about the owner."""
        ...

    def choose_candidate(self, shown: Shown) -> None:
        """Asks about one of several."""
        ...

    def choose_confirmation(self, shown: Shown) -> None:
        """Asks an institution about a hit."""
        ...

    def choose_from_history(self) -> None:
        """Asks one of the last questions again."""
        ...
