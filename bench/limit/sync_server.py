"""`python -m bench.limit.sync_server ADDRESS GENERATION WORK`: CheckPerson behind grpcio's threaded API, in plaintext.

The same engine and audit log as a worker's, without its gate, metrics and callers: what grpcio's other API would give.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from server.audit.writer import MIB, AuditWriter, WriterOptions

THREADS = 8


def main(address: str, generation: Path, work: Path) -> None:
    """Serves until it is killed."""
    engine, everything = Engine(Generation.open(generation)), Grant.everything()
    auditor = X25519PrivateKey.generate().public_key()
    audit = AuditWriter(WriterOptions(work / "audit", [auditor], 256 * MIB, 0), "worker-0").log

    def check(request: bytes, _context: grpc.ServicerContext) -> bytes:
        return engine.answer(Method.CHECK_PERSON, request, everything, time.time_ns() // 1_000_000, audit)

    server = grpc.server(ThreadPoolExecutor(THREADS))
    handler = grpc.method_handlers_generic_handler(
        "ronda.v1.CheckService", {"CheckPerson": grpc.unary_unary_rpc_method_handler(check)}
    )
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(address)
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
