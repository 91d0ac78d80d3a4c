"""The issuer's metrics for Prometheus: calls by method and outcome, their duration, calls that wait for a hash.

No label holds a number, a NIP or a gateway: methods and reasons come from fixed sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from server.errors import Refusal, reason_name
from server.issuer.settings import IssuerSettings
from server.logs import log
from server.metrics.series import REASONS, begin
from server.metrics.serving import served

# seconds: a renewal takes some 2 ms, a hash some 50 to 200, a refused sign-in ends at a step of refusal_step_ms
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
OK = "OK"


class Metrics:
    """The counters of one issuer."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "ronda_issuer_calls",
            "Calls ended, by method (a renewal: by session) and outcome: OK, or why not.",
            ["method", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "ronda_issuer_call_seconds",
            "Seconds from a call's message to its answer.",
            ["method"],
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._hashes = Counter(
            "ronda_issuer_hashes", "Memory-hard hashes begun, for numbers of nobody too.", registry=self._registry
        )
        self._spared = Counter(
            "ronda_issuer_hashes_spared",
            "Hashes not begun: the caller's deadline had passed, or the caller had hung up.",
            registry=self._registry,
        )
        self._waiting = Gauge("ronda_issuer_hashes_waiting", "Sign-ins that wait for a hash.", registry=self._registry)
        self._sessions = Gauge("ronda_issuer_sessions", "Sessions that live.", registry=self._registry)

    def begin(self, method: str) -> None:
        """Makes a method's calls appear with 0."""
        begin(self._calls, [method], (OK, *REASONS))

    def ended(self, method: str, refusal: Refusal | None, seconds: float) -> None:
        """A call is over. refusal: None where it was answered. seconds: from its message."""
        self._calls.labels(method, OK if refusal is None else reason_name(refusal.reason)).inc()
        self._seconds.labels(method).observe(seconds)

    def hash_begun(self) -> None:
        """A PIN or password is hashed."""
        self._hashes.inc()

    def hash_spared(self) -> None:
        """A hash is not begun: no caller waits for it any more."""
        self._spared.inc()

    def watch(self, waiting: Callable[[], int], sessions: Callable[[], int]) -> None:
        """Sets the functions that give the current numbers at each scrape."""
        self._waiting.set_function(waiting)
        self._sessions.set_function(sessions)

    @contextmanager
    def served(self, settings: IssuerSettings) -> Iterator[None]:
        """Serves at `metrics`, in a thread, while the context lasts. Raises SettingsError if the address is in use."""
        with served(settings.metrics_address, self._registry) as address:
            if address:
                log("metrics_served", address=address)
            yield
