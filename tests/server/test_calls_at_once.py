"""A client that keeps more calls going than one connection takes at once: they wait in it, none is refused."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import grpc

from tests.kit.nation_kit import BuiltNation
from tests.server.conftest import StartServer
from tests.server.requests import QUESTION
from tests.server.running_server import call_later

AT_ONCE, CALLS = 200, 4000


def test_none_is_refused(small_nation: BuiltNation, start_server: StartServer) -> None:
    """A channel without a retry policy: gRPC refused streams while others were ended, but not freed."""
    server = start_server(data=small_nation.data, workers=1).wait_ready()
    free = threading.Semaphore(AT_ONCE)
    ended: Counter[tuple[grpc.StatusCode, str]] = Counter()

    def count(call: Any) -> None:
        ended[call.code(), call.details()] += 1
        free.release()

    with server.channel() as channel:
        for _ in range(CALLS):
            free.acquire()
            call_later(channel, "CheckService/CheckPerson", QUESTION, timeout=30).add_done_callback(count)
        for _ in range(AT_ONCE):
            free.acquire()
    assert ended == {(grpc.StatusCode.OK, ""): CALLS}
