"""Messages between supervisor and worker, one JSON object a line: orders on standard input, reports on standard output.

The worker's input stays open while the supervisor lives; its end makes the worker drain, so that no orphan keeps the
port.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

# Exit status of a process that cannot work with its settings (sysexits.h EX_CONFIG): restarting would not help.
EXIT_SETTINGS = 78
# One that was to take another's place and would answer less than that one (EX_UNAVAILABLE).
EXIT_UNSERVED = 69


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def line(self) -> bytes:
        """The message as a line."""
        return self.model_dump_json().encode() + b"\n"


class DamagedFiles(_Message):
    """Later lines to a worker: damaged files of a generation (their sha256 no longer holds)."""

    generation: str
    files: list[str]


class Leave(_Message):
    """The last line to a worker that is being replaced: it lets its connections go, then drains and ends."""

    leave: Literal[True]


class WorkerOrders(_Message):
    """First line to a worker."""

    number: int
    alone: str = ""  # name of the one service that it answers, at that service's own address; "" = it answers all
    settings: dict[str, Any]  # of ServerSettings
    address: str  # host:port to listen on, the port resolved
    lane_address: str = ""  # the same of the express lane; "" = none
    lane_ticket_secret: str = Field(default="", repr=False)  # of TLS sessions that any worker resumes; hexadecimal
    probe_socket: Path  # Unix socket, for the worker's check of itself; those of the services' processes lie beside it
    clock_reference_ms: int | None = None  # of core.call.clock_doubt, at the server's start; None: never in doubt
    last_good: str  # generation that other workers serve; "" = unknown
    damaged: list[DamagedFiles]  # what the background check found so far
    page_key: str = Field(repr=False)  # hexadecimal digits
    secrets: dict[str, str] = Field(default={}, repr=False)  # the same of each service that has one, by its name


TOLD: TypeAdapter[DamagedFiles | Leave] = TypeAdapter(DamagedFiles | Leave)
"""The possible later lines to a worker."""


class RegisterNow(_Message):
    """A register as the worker's answers show it."""

    state: Literal["FRESH", "STALE", "MISSING"]
    as_of_s: float | None  # Unix time; None: never loaded


class WorkerReport(_Message):
    """A line from a worker: at each change, and as a sign of life every `BEAT_S`."""

    ready: bool  # it answered a health check over gRPC
    generation: str  # the one it serves; "" = none
    refused: str  # generation that CURRENT names and that it refused; "" = none
    why: str
    serving: bool = False  # as its health says
    unserving: str = ""  # the health's reason why not
    sequence: int = 0  # of the ledger, that its answers hold to
    registers: dict[str, RegisterNow] = {}  # by id


# seconds between two reports
BEAT_S = 2.0
