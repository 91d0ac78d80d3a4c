"""The load of a bench: what its client processes tell the one that started them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from bench.check_load import ClientDied, run_checks


def test_a_client_that_dies_ends_the_bench() -> None:
    """By name, and not never: it has nobody to ask about."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(ClientDied, match="status 1"):
            run_checks(f"127.0.0.1:{port}", [], seconds=600, clients=2)
    finally:
        server.stop(None)
