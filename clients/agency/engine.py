"""The engine that judges the batches of a run: a server (streams.py), or another with this interface (ronda/spark)."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol, Self

from clients.agency.answers import Judged
from clients.agency.batches import Batch


class Asking(Protocol):
    """One pass under one generation, as a context manager. ahead: blocks that are worth asking before the oldest is
    waited for.
    """

    @property
    def ahead(self) -> int: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None: ...

    def ask(self, batch: Batch) -> Future[Judged]:
        """The answer to come."""

    def wait(self, answer: Future[Judged]) -> Judged:
        """The answer. Raises what ends a run."""


class Engine(Protocol):
    """The engine of a run. target: its text for the clerk."""

    @property
    def target(self) -> str: ...

    def generation(self, patience_s: float, call_s: float) -> str:
        """Id of the generation that serves. Raises what ends a run."""

    def asking(
        self, standard: int, generation: str, request_id: str, *, streams: int, window: int, patience_s: float
    ) -> Asking:
        """A pass pinned to a generation, under one request_id. streams, window: of connections, who has any."""

    def device(self) -> str:
        """The device's name in the certificate that is shown. Raises OSError."""

    def told(self) -> dict[str, Any]:
        """Returns further facts for the summary, by Spanish word; called once all passes are done."""
