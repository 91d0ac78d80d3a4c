"""One loop of the express lane: a check is answered where its bytes came in, without Python."""

from collections.abc import Sequence
from typing import NamedTuple

from typing_extensions import disjoint_base

from core.access.caller import Caller
from core.audit.log import AuditLog
from core.engine.entry import Engine
from core.lane.statuses import StatusTable
from core.lane.waiting import Told

class LoopSettings(NamedTuple):
    """LaneSettings of core/lane/lane.h; certificate, key and roots are PEM, no certificate = plaintext.

    ticket_secret: 32 bytes that workers share, who then resume each other's sessions; b"" = each its own.

    max_message, max_metadata: bytes above which a call is refused as grpcio's is; the transport itself takes in more.
    """

    listener: int
    certificate: bytes
    key: bytes
    roots: bytes
    ticket_secret: bytes
    max_connections: int
    max_connections_per_device: int
    max_streams: int
    max_transport_message: int
    max_transport_metadata: int
    max_message: int
    max_metadata: int
    idle_ms: int
    handshake_ms: int
    stall_ms: int
    default_deadline_ms: int
    age_ms: int
    poll_us: int

def filter_fault() -> str:
    """Returns why no thread can filter its own system calls here, which every loop requires; "" = it can."""

class Ended(NamedTuple):
    """The end of a call: gRPC's status (0 = answered), its message, google.rpc.Status."""

    code: int
    text: bytes
    details: bytes

class Refusals(NamedTuple):
    """The fixed refusals: no room, a passed deadline, a health request that is no message."""

    overloaded: Ended
    late: Ended
    malformed: Ended

@disjoint_base
class Loop:
    """Runs in a thread of its own; everything else is called where Python's event loop is."""

    def __new__(
        cls,
        settings: LoopSettings,
        statuses: StatusTable,
        refusals: Refusals,
        audit: AuditLog,
        wake: int,
        bounds_s: Sequence[float],
        waits: bool = False,
    ) -> Loop:
        """wake: eventfd that is written when `told` has something. bounds_s: of the histogram of seconds.

        waits: an answer leaves once its record is on disk. Raises ValueError with the reason (a certificate that cannot
        be used, a system that filters no system calls).
        """

    def run(self) -> int:
        """Serves until drained, without the GIL; 0, or below when it could not go on."""

    def serve(self, engine: Engine | None) -> None:
        """Answers by this engine from the next call on, with its present confirmations. None: by none."""

    def admit(self, certificate: bytes, authorization: bytes, caller: Caller) -> None:
        """Calls with this certificate (DER) and `authorization` are this caller's from now on."""

    def forget_callers(self) -> None:
        """Forgets all callers, after a change of trust."""

    def passed(self) -> list[object]:
        """Returns replaced objects that are no longer used: release them where that may take time."""

    def told(self) -> list[Told]:
        """Returns the notices since the last look, in order."""

    def finish(self, ticket: int, ended: Ended, response: bytes = b"") -> None:
        """Ends a call of `told`: once for each, whether it is there yet or not."""

    def show_health(self, services: Sequence[bytes], serving: bool, reason: bytes, detail: bytes) -> None:
        """Sets the health of these services and the whole from the next call on; notifies the watchers."""

    def close_peer(self, peer: int) -> None:
        """Ends a connection."""

    def drain(self, patience_ms: int) -> None:
        """Takes nothing more in; `run` returns once what is under way has ended, or patience has."""

    def reload(self, certificate: bytes, key: bytes, roots: bytes) -> None:
        """Handshakes use these from now on. Raises ValueError where they cannot be used; the old ones are, then."""

    def wake(self) -> None:
        """Makes the loop turn once, if it can."""

    @property
    def turns(self) -> int:
        """Grows while the loop lives (core/lane/counters.h)."""

    def counters(self) -> dict[str, int]:
        """Returns the counters of connections, streams and bytes (core/lane/counters.h)."""

    @property
    def shed(self) -> int:
        """Calls for which there was no room, so far."""

    def counts(self, method: int) -> tuple[list[int], list[int], list[int], float]:
        """Returns a method's counts so far: calls by gRPC status, answers by level, calls by bound of seconds, seconds
        in all."""
