"""Setup of a process before it loads gRPC, if it starts others beside it."""

from __future__ import annotations

import os


def start_others_beside_grpc() -> None:
    """Has gRPC leave forks alone, in this process. Call it before anything imports grpc.

    Before each fork gRPC's own handler waits until its threads are idle, for up to a minute in which the event loop
    stands still. A process that only executes another program needs nothing of it.
    """
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
