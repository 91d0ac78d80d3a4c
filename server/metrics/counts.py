"""Metrics that the workers count: calls, latency, levels, shed calls, generation switches.

Workers write to files in PROMETHEUS_MULTIPROC_DIR (prometheus_client's multiprocess mode, set by the supervisor before
a worker starts). The supervisor adds them up for the one scrape address (server/processes/scrape.py). No label ever
holds a question: methods and statuses come from fixed sets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from ronda.v1 import level_pb2
from server.metrics.files import take_room

take_room()

from prometheus_client import Counter, Gauge, Histogram  # noqa: E402 (it looks for its files when imported)

from server.metrics.series import REASONS, begin  # noqa: E402 (it imports that)

# seconds: an identifier takes some 0.1 ms in a worker, a search up to 20 ms, overload is what lies above
BUCKETS = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)

LEVEL_NAMES: tuple[str, ...] = tuple(
    level_pb2.Level.Name(number).removeprefix("LEVEL_") for number in sorted(level_pb2.Level.values())
)

CALLS = Counter("ronda_calls", "Calls ended, by method and gRPC status.", ["method", "status"])
SECONDS = Histogram(
    "ronda_call_seconds",
    "Seconds from a call's arrival in Python, or on the express lane, to its answer.",
    ["method"],
    buckets=BUCKETS,
)
ANSWERS = Counter("ronda_answers", "Answers by level; POSSIBLE share = level POSSIBLE over all.", ["method", "level"])
CLEARED = Counter("ronda_clear_batches", "Clear batches answered.")
SHED = Counter("ronda_calls_shed", "Calls refused to shed load, by cause.", ["cause"])
SHED_BY_DEVICE = Counter(
    "ronda_calls_shed_by_device",
    "The same of admitted callers, by cause and device; past 64 devices: other.",
    ["cause", "device"],
)
SWITCHES = Counter("ronda_generation_switches", "Generations that a worker switched to, counted per worker.")
REFUSED = Counter("ronda_generations_refused", "Generations refused as damaged or unreadable, counted per worker.")
DAMAGED = Counter("ronda_dossiers_damaged", "Reads of a dossier whose checksum did not hold.")
NOT_ADMITTED = Counter("ronda_callers_not_admitted", "Calls whose certificate or token was refused.", ["reason"])
MACHINE_ENDS = Gauge(
    "ronda_machine_certificate_end_timestamp_seconds",
    "When the certificate ends that a machine account last came with, Unix time; past 64 machines none more.",
    ["institution", "machine"],
    multiprocess_mode="livemax",
)
TRUST_REFUSED = Counter(
    "ronda_trust_refused",
    "Parts of the trust directory that did not hold together, by part, counted per worker; again each five minutes.",
    ["part"],
)
TLS_REFUSED = Counter(
    "ronda_tls_refused", "Certificates, keys and CAs of the server that were refused, counted per worker.", ["by"]
)
TRUST_AT_FAULT = Gauge(
    "ronda_trust_at_fault",
    "1 while a part of the trust directory does not hold, by part: what was in force stays.",
    ["part"],
    multiprocess_mode="livemax",
)
TLS_AT_FAULT = Gauge(
    "ronda_tls_at_fault",
    "1 while the server's certificate, key or CA does not hold: the last good ones serve on.",
    ["by"],
    multiprocess_mode="livemax",
)
WATCH_FAILED = Counter(
    "ronda_watch_failures", "Failures of what a worker does beside its calls; it is begun again.", ["what"]
)
HANDSHAKES = Counter("ronda_tls_handshakes_begun", "TLS handshakes begun; gRPC does not report how they end.")
CONNECTIONS_CLOSED = Counter(
    "ronda_connections_closed",
    "Connections closed because strangers (no caller admitted yet) or one device held too many, by cause.",
    ["cause"],
)
LANE = Counter(
    "ronda_lane",
    "What the express lane's transport counted, by name: handshakes, connections ended by cause, refused streams.",
    ["what"],
)
FED = Counter("ronda_feed_changes", "Changes pushed, by source and what became of them.", ["source", "outcome"])
INTERNAL = Counter("ronda_internal_errors", "Calls that failed by a defect of the server.", ["method"])


ShedCause = Literal[
    "loop_lag", "concurrency", "device", "officer", "half_open", "own_methods", "public", "lane"
]  # fmt: skip
ClosedCause = Literal["stranger", "bytes", "refusals", "device"]
TlsFiles = Literal["files", "lane"]
STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)  # of gRPC


begin(SHED, get_args(ShedCause))
begin(CONNECTIONS_CLOSED, get_args(ClosedCause))
begin(TLS_REFUSED, get_args(TlsFiles))
begin(TLS_AT_FAULT, get_args(TlsFiles))
begin(NOT_ADMITTED, REASONS)


def answered_calls() -> int:
    """Calls that this process answered with OK."""
    samples = (sample for family in CALLS.collect() for sample in family.samples if sample.name.endswith("_total"))
    return int(sum(sample.value for sample in samples if sample.labels["status"] == "OK"))


class MethodMetrics:
    """The counters of one method, resolved once: a look-up of labels costs more than the count."""

    def __init__(self, method: str, *, with_levels: bool = True) -> None:
        self._method = method
        begin(CALLS, [method], STATUSES)
        begin(INTERNAL, [method])
        self._ok: Callable[[], None] = CALLS.labels(method, "OK").inc
        self._seconds: Callable[[float], None] = SECONDS.labels(method).observe
        self._levels: list[Callable[[], None]] = (
            [ANSWERS.labels(method, level).inc for level in LEVEL_NAMES] if with_levels else []
        )

    def answered(self, seconds: float, level: int) -> None:
        """Counts an answer after `seconds`, and its level (0 = it says none)."""
        self._ok()
        self._seconds(seconds)
        if self._levels:
            self._levels[level]()

    def ended(self, status: str, seconds: float) -> None:
        """Counts a call that ended without an answer of a level."""
        CALLS.labels(self._method, status).inc()
        self._seconds(seconds)

    def add(self, statuses: Mapping[str, int], levels: Sequence[int], took: Sequence[int], seconds: float) -> None:
        """Counts the express lane's answers.

        statuses: calls by gRPC status. levels: answers by level. took: calls by the smallest of BUCKETS that they fit
        in (the last: over all). seconds: of all calls.
        """
        for status, number in statuses.items():
            CALLS.labels(self._method, status).inc(number)
        for level, number in zip(LEVEL_NAMES, levels, strict=False):
            ANSWERS.labels(self._method, level).inc(number)
        observed = SECONDS.labels(self._method)  # it has no way to observe many at once, so its parts are counted on
        for bucket, number in zip(observed._buckets, took, strict=True):
            bucket.inc(number)
        observed._sum.inc(seconds)

    def defect(self) -> None:
        """Counts a call that failed by our fault."""
        INTERNAL.labels(self._method).inc()
