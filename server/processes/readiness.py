"""Tells a load balancer whether this machine answers: GET /ready on the metrics address, 200 or 503, and why.

The health service of gRPC asks for a client certificate, which a balancer has not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from server.processes.messages import WorkerReport

PATH = "/ready"


def with_readiness(app: WSGIApplication, reports: Callable[[], Sequence[WorkerReport]]) -> WSGIApplication:
    """Answers /ready, and leaves every other path to `app`."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return app(environ, start_response)
        found = reports()
        serving = sum(report.ready and report.serving for report in found)
        reasons = sorted({report.unserving or "STARTING" for report in found if not (report.ready and report.serving)})
        body = json.dumps({"workers": len(found), "serving": serving, "reasons": reasons}).encode() + b"\n"
        status = "200 OK" if serving else "503 Service Unavailable"
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer
