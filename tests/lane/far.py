"""A client at the far end of a bad link to the stub: `python -m tests.lane.far host port calls size`.

Asks so many calls at once, each for an answer of so many bytes, reads to the connection's end, and prints what came.
"""

from __future__ import annotations

import json
import sys
import time

from tests.lane.wire import Wire


def main() -> None:
    """Asks, and tells."""
    host, port, calls, size = sys.argv[1], *map(int, sys.argv[2:])
    began = time.monotonic()
    with Wire((host, port)) as wire:
        wire.h2.increment_flow_control_window(1 << 24)
        streams = [wire.ask(f"size{size};".encode()) for _ in range(calls)]
        print("asked", flush=True)  # noqa: T201
        wire.end()
        replies = [wire.replies[stream] for stream in streams]
        whole = sum(reply.status == 0 and [len(each) for each in reply.messages] == [size] for reply in replies)
        told = {"whole": whole, "seconds": round(time.monotonic() - began, 1), "goaways": wire.goaways}
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
