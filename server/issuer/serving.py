"""The issuer's process: its server with mTLS, its record and who signs that, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import uvloop

from ronda.v1 import token_service_pb2
from server import logs
from server.audit.set_up import audit_process, prepare_audit
from server.host.core_dumps import forbid_core_dumps
from server.host.descriptors import connections_of, raise_descriptor_limit
from server.host.service_manager import notify
from server.issuer import lockouts, repeats
from server.issuer.admission import Admission
from server.issuer.callers import Callers
from server.issuer.kept_sessions import keep_sessions, take_up_sessions
from server.issuer.metrics import Metrics
from server.issuer.pepper import KEYS, Pepper
from server.issuer.proving import Prover, now_ms
from server.issuer.records import Records
from server.issuer.sessions import Sessions, boot_clock
from server.issuer.settings import IssuerSettings
from server.issuer.store import Store
from server.issuer.token_service import Parts, TokenService
from server.issuer.tokens import Tokens
from server.logs import ERROR, WARNING, log
from server.settings import SettingsError
from server.transport.connections import Connections
from server.transport.tls import ServerTls

SERVICE = token_service_pb2.DESCRIPTOR.services_by_name["TokenService"].full_name
_MOST_CALLS = 1024  # begun and not ended; more are refused by gRPC at once
_MOST_BYTES = 4096  # of a request
_TIDY_S = 3600
_CLOCK_LOOK_S = 10
_JUMP_S = 5  # of the wall clock against the machine's own


def serve_issuer(settings: IssuerSettings) -> int:
    """Serves until asked to end; returns the exit status. Raises SettingsError, RuntimeError for an address in use."""
    forbid_core_dumps()
    logs.set_up(settings.log_level, process="issuer", pid=os.getpid())
    prepare_audit(settings, development=False)
    metrics = Metrics()
    with metrics.served(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, metrics))


async def _serve(settings: IssuerSettings, metrics: Metrics) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    changes = Store(settings.database, settings.pepper)
    looks = Store(settings.database, settings.pepper)
    callers = Callers(settings)
    for store in (changes, looks):
        store.revoked_elsewhere = callers.revoked_officer
    records = Records(settings)
    records.writer.on_stop = lambda: loop.call_soon_threadsafe(stop.set)
    sessions = Sessions()
    prover = Prover(settings, changes, looks, metrics)
    metrics.watch(lambda: prover.waiting, lambda: len(sessions))
    admission = Admission(settings, callers)
    tokens = Tokens(settings.officers_key, callers.institution, settings.token_s)
    pepper = _pepper_as_it_is(settings.pepper)
    service = TokenService(Parts(settings, callers, admission, prover, sessions, tokens, records, pepper, metrics))
    signer = audit_process(settings)
    server = _server(settings, service)
    port = server.add_secure_port(settings.listen, ServerTls(settings).credentials)
    most = connections_of(raise_descriptor_limit(), settings.max_connections)
    connections = admission.connections = Connections(port, most, settings.max_connections_per_device)
    sessions.go_on_with(take_up_sessions(settings.kept_sessions, pepper(), changes))
    await server.start()
    tasks = [
        asyncio.create_task(work)
        for work in (signer.run(), records.refusals.run(), _tidy(prover), _watch_clock(), connections.watch())
    ]
    if os.geteuid() == 0:
        log("runs_as_root", level=WARNING)
    log("issuer_ready", port=port, institution=callers.institution.id, gateways=len(settings.gateways))
    sys.stdout.write(f"ronda: issuer ready on port {port}, pid {os.getpid()}\n")
    sys.stdout.flush()
    notify("READY=1")
    await stop.wait()
    notify("STOPPING=1")
    await server.stop(settings.drain_s)
    await service.end()
    for task in tasks[1:]:
        task.cancel()
    records.close()
    await signer.end()
    tasks[0].cancel()
    prover.close()
    keep_sessions(settings.kept_sessions, sessions.living(), pepper(), changes)
    for store in (changes, looks):
        store.close()
    log("issuer_ended")
    return 1 if records.writer.log.failed else 0


def _server(settings: IssuerSettings, service: TokenService) -> grpc.aio.Server:
    options = [
        ("grpc.so_reuseport", 0),  # two issuers would count failures apart
        ("grpc.max_receive_message_length", _MOST_BYTES),
        ("grpc.max_metadata_size", 16_384),
        ("grpc.absolute_max_metadata_size", 16_384),
        ("grpc.max_concurrent_streams", 128),
        ("grpc.server_handshake_timeout_ms", settings.handshake_s * 1000),
        ("grpc.max_connection_idle_ms", settings.max_connection_idle_s * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=_MOST_CALLS)
    handlers = {name: grpc.stream_unary_rpc_method_handler(handler) for name, handler in service.methods().items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    return server


def _pepper_as_it_is(directory: Path) -> Callable[[], Pepper]:
    """The keys, read again after `rotate-pepper`; a file that is no key file leaves the last good ones."""
    path = directory / KEYS

    def stamp() -> tuple[int, int]:
        with contextlib.suppress(OSError):
            status = path.stat()
            return status.st_mtime_ns, status.st_ino
        return 0, 0

    held, read_at = Pepper(directory), stamp()

    def current() -> Pepper:
        nonlocal held, read_at
        now = stamp()
        if now != read_at:
            read_at = now
            try:
                held = Pepper(directory)
                log("pepper_changed", keys=len(held.keys))
            except SettingsError as error:
                log("pepper_refused", level=ERROR, why=str(error))
        return held

    return current


async def _tidy(prover: Prover) -> None:
    """Drops lock-outs that are long over, and what no repetition comes of any more."""

    def drop(store: Store) -> int:
        with store.change() as db:
            repeats.forget_old(db, now_ms())
            return lockouts.forget_old(db, now_ms())

    while True:
        await asyncio.sleep(_TIDY_S)
        with contextlib.suppress(Exception):
            await prover.change(drop)


async def _watch_clock() -> None:
    """Says when somebody sets the wall clock, by which tokens and locks go; sessions go by the machine's own."""
    apart = time.time() - boot_clock()
    while True:
        await asyncio.sleep(_CLOCK_LOOK_S)
        now = time.time() - boot_clock()
        if abs(now - apart) > _JUMP_S:
            log("clock_was_set", level=WARNING, seconds=round(now - apart))
        apart = now
