"""Measures how long after revoked.toml was written the last call of a revoked officer is answered.

Every worker watches the trust directory by itself, so one worker's time is each one's; tests/trust/test_reload.py asks
both workers of a server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import grpc

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext

ROUNDS = 10
_GIVE_UP_S = 20.0


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)


def measure(ask: Callable[[bytes], bytes], trust: Path, officer: str, cui: str, rounds: int = ROUNDS) -> list[float]:
    """Seconds, one a round. Raises AssertionError when a revocation does not come into force."""
    seconds = []
    for number in range(rounds):
        context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id=f"revocation-{number}")
        request = contract.CheckPersonRequest(context=context, cui=cui).SerializeToString()
        _until(ask, request, admitted=True)
        time.sleep(0.1 * number)  # at another moment between two looks of the watch each time
        started = time.monotonic()
        _write(trust / "revoked.toml", f'officers = ["{officer}"]\n')
        seconds.append(_until(ask, request, admitted=False) - started)
        _write(trust / "revoked.toml", "")
    return seconds


def _until(ask: Callable[[bytes], bytes], request: bytes, *, admitted: bool) -> float:
    """Returns the time when the officer was first admitted, or refused."""
    began = time.monotonic()
    while (now := time.monotonic()) - began < _GIVE_UP_S:
        try:
            ask(request)
            outcome = True
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.PERMISSION_DENIED and error.code() is not (
                grpc.StatusCode.UNAUTHENTICATED
            ):
                raise
            outcome = False
        if outcome is admitted:
            return now
        time.sleep(0.005)
    raise AssertionError(f"after {_GIVE_UP_S:.0f} s the officer is still {'refused' if admitted else 'admitted'}")
