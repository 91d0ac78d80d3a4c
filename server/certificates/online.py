"""`ronda certificate serve`: whether a number is in force, told to anybody who was handed a certificate.

A process of its own, which reads the store and knows neither registers nor persons: a flood of it slows no look-up. An
address may ask only so often; numbers carry 100 random bits, so that the limit is against load, not against guessing.
"""

from __future__ import annotations

import ipaddress
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import grpc
from grpc_status import rpc_status

from ronda.v1 import certificate_service_pb2 as contract
from ronda.v1 import error_pb2
from ronda.v1.certificate_service_pb2_grpc import (
    CertificateServiceServicer,
    add_CertificateServiceServicer_to_server,
)
from server.audit.lacking import Lacking, What
from server.certificates.numbers import as_stored
from server.certificates.store import CertificateStore, StoreUnusable
from server.errors import Refusal, status_of
from server.logs import ERROR, log
from server.settings import parse_address

BURST, PER_MINUTE = 20, 20  # questions of one address
_MOST_ADDRESSES = 16_384  # remembered; the one that asked longest ago is forgotten
_THREADS = 4
_MOST_CALLS = 64  # begun and not ended; more are refused at once
_MAX_BYTES = 1024  # of a question, and of its metadata
_IPV6_NETWORK = 64  # bits: what one subscriber has
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_BYTES),
    ("grpc.max_metadata_size", _MAX_BYTES * 8),
    ("grpc.max_concurrent_streams", 8),
    ("grpc.max_connection_idle_ms", 30_000),
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.so_reuseport", 0),
]


class Rates:
    """A bucket for each address: BURST at once, PER_MINUTE after that. Safe from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # -> what is left, and when

    def wait_s(self, address: str) -> float:
        """Takes one; else the seconds until there is one."""
        now = self._clock()
        with self._lock:
            left, since = self._buckets.pop(address, (float(BURST), now))
            left = min(float(BURST), left + (now - since) * PER_MINUTE / 60)
            taken = left >= 1
            self._buckets[address] = (left - 1 if taken else left, now)
            if len(self._buckets) > _MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - left) * 60 / PER_MINUTE


def address_of(peer: str) -> str:
    """The address in gRPC's name of a peer, `ipv4:192.0.2.1:5000`; of IPv6 its network of 64 bits."""
    scheme, _, rest = unquote(peer).partition(":")
    host = rest.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return scheme  # no internet address: all of them together
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


class CertificateVerifier(CertificateServiceServicer):
    """Answers from the store."""

    def __init__(self, store: Path, rates: Rates, clock: Callable[[], float] = time.time) -> None:
        """Raises StoreUnusable."""
        self._store = CertificateStore(store, read_only=True)
        self._rates = rates
        self._clock = clock
        self._reading = threading.Lock()  # one connection for all threads

    def Verify(self, request: contract.VerifyRequest, context: grpc.ServicerContext) -> contract.VerifyResponse:
        """One of four words. A text that can be no number is UNKNOWN like any other."""
        if wait_s := self._rates.wait_s(address_of(context.peer())):
            limited = Refusal(error_pb2.ERROR_REASON_LIMIT_EXCEEDED, retry_after_ms=int(wait_s * 1000) + 1)
            context.abort_with_status(rpc_status.to_status(status_of(limited)[1]))
        number = as_stored(request.number)
        try:
            with self._reading:
                standing = self._store.standing(number, int(self._clock()))
        except (StoreUnusable, sqlite3.Error) as error:
            log("certificate_store_unusable", level=ERROR, error=error)
            context.abort(grpc.StatusCode.UNAVAILABLE, "the office cannot answer now")
        return contract.VerifyResponse(status=int(standing))  # type: ignore[arg-type]


def start_online(
    listen: str, store: Path, credentials: grpc.ServerCredentials | None, rates: Rates | None = None
) -> tuple[grpc.Server, int]:
    """A started server and its port. Raises StoreUnusable, RuntimeError when the address cannot be bound."""
    verifier = CertificateVerifier(store, rates or Rates())
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, "certificates"), options=_OPTIONS, maximum_concurrent_rpcs=_MOST_CALLS
    )
    add_CertificateServiceServicer_to_server(verifier, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port(listen) if credentials is None else server.add_secure_port(listen, credentials)
    server.start()
    return server, port


def online_credentials(listen: str, tls_cert: Path | None, tls_key: Path | None) -> grpc.ServerCredentials | None:
    """TLS, the server's alone: anybody may ask. None on loopback. Raises Lacking elsewhere, OSError, SettingsError."""
    if tls_cert is not None and tls_key is not None:
        return grpc.ssl_server_credentials([(tls_key.read_bytes(), tls_cert.read_bytes())])
    if not parse_address(listen).is_loopback:
        raise Lacking(What.TLS)
    return None
