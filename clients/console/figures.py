"""Figures of the console for Prometheus, and its readiness: an address of its own, apart from the pages.

GET /metrics; GET /ready: 200 while the server that it asks serves, else 503 and why. No label names an officer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client.metrics_core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from clients.console.front import Console

OK, NOT_ENTERED, REFUSED, FAILED = OUTCOMES = ("OK", "NOT_ENTERED", "REFUSED", "FAILED")
_SERVES_S = 4.0  # above the time that the server has to say so
_READY = "/ready"


class Figures(Collector):
    """Counted in the event loop; read by the threads that answer a scrape."""

    def __init__(self) -> None:
        self._requests = dict.fromkeys(OUTCOMES, 0)
        self._console: Console | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self, console: Console) -> None:
        """Shows this console's figures from now on. Called in the event loop that serves it."""
        self._console, self._loop = console, asyncio.get_running_loop()

    def answered(self, status: int) -> None:
        """A request was answered with this HTTP status."""
        self._requests[_outcome(status)] += 1

    def unready(self) -> str:
        """Returns why figures cannot be shown now; "" = the server serves."""
        if self._console is None or self._loop is None:
            return "STARTING"
        asked = asyncio.run_coroutine_threadsafe(_serves(self._console), self._loop)
        try:
            return "" if asked.result(_SERVES_S) else "SERVER_NOT_SERVING"
        except TimeoutError:
            asked.cancel()
            return "SERVER_NOT_SERVING"

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        yield InfoMetricFamily("ronda_build", "The release that serves.", value={"version": version("ronda")})
        requests = CounterMetricFamily(
            "ronda_console_requests",
            "Requests of browsers: answered, without a session, refused (4xx), or failed by a defect (5xx).",
            labels=["outcome"],
        )
        for outcome, count in self._requests.items():
            requests.add_metric([outcome], count)
        yield requests
        sessions = self._console.sessions.living() if self._console is not None else 0
        yield GaugeMetricFamily("ronda_console_sessions", "Sessions that live.", value=sessions)
        yield GaugeMetricFamily(
            "ronda_console_server_serving",
            "1 while the server that the console asks says that it serves.",
            value=int(not self.unready()),
        )


class Counted:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app, self._figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts how each request is answered."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._figures.answered(message["status"])
            await send(message)

        await self._app(scope, receive, counted)


@contextmanager
def served(address: tuple[str, int] | None, figures: Figures) -> Iterator[str]:
    """Serves in threads, while the context lasts; gives the address, "" if there is none. Raises OSError that names
    it."""
    if address is None:
        yield ""
        return
    registry = CollectorRegistry()
    registry.register(figures)
    host, port = address
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        error.filename = f"{host}:{port}"
        raise
    if app := server.get_app():
        server.set_app(_with_readiness(app, figures.unready))
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _with_readiness(app: WSGIApplication, unready: Callable[[], str]) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != _READY or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return app(environ, start_response)
        why = unready()
        body = json.dumps({"reasons": [why] if why else []}).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        start_response("503 Service Unavailable" if why else "200 OK", [*headers, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


async def _serves(console: Console) -> bool:
    try:
        return await console.line().serves()
    except OSError:  # a file of its identity
        return False


def _outcome(status: int) -> str:
    if status >= 500:
        return FAILED
    if status == 401:
        return NOT_ENTERED
    return REFUSED if status >= 400 else OK
