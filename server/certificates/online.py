"""`ronda certificate serve`: answers whether a number is in force, for anyone who holds a certificate.

A process of its own, which reads the store and knows neither registers nor persons: a flood of it slows no look-up. An
address may ask only so often. Numbers carry 100 random bits, so the limit is against load, not against guessing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

import grpc
from google.protobuf.message import DecodeError

from core.files.regular_file import read_file
from ronda.v1 import certificate_service_pb2 as contract
from ronda.v1 import error_pb2
from server.audit.lacking import Lacking, What
from server.certificates.numbers import as_stored
from server.certificates.store import CertificateStore, StoreUnusable
from server.errors import DETAILS_KEY, Refusal, status_of
from server.logs import ERROR, log
from server.settings import parse_address

BURST, PER_MINUTE = 20, 20  # questions of one address
_MOST_ADDRESSES = 16_384  # remembered; the one that asked longest ago is forgotten
METHOD = "/ronda.v1.CertificateService/Verify"
MESSAGE_S = 5.0  # how long a call's message is waited for
_LAST_CALLS_S = 5.0
_MOST_CALLS = 1024  # begun and not ended; more are refused at once
_MAX_BYTES = 1024  # of a question, and of its metadata
_IPV6_NETWORK = 64  # bits: what one subscriber has
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_BYTES),
    ("grpc.max_metadata_size", _MAX_BYTES * 8),
    ("grpc.max_concurrent_streams", 8),
    ("grpc.max_connection_idle_ms", 30_000),
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 10_000),
    ("grpc.so_reuseport", 0),
]


class Rates:
    """A bucket for each address: BURST at once, PER_MINUTE after that."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # -> what is left, and when

    def wait_s(self, address: str) -> float:
        """Takes one; else the seconds until there is one."""
        now = self._clock()
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


class CertificateVerifier(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """Answers from the store. Counts the caller before it waits, for a short time, for the message.

    A stream on this side: gRPC waits without end for the message of a unary call, and holds a place for it.
    """

    def __init__(self, store: Path, rates: Rates, message_s: float = MESSAGE_S) -> None:
        """Raises StoreUnusable."""
        self._store = CertificateStore(store, read_only=True)
        self._rates = rates
        self._message_s = message_s

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """The one method."""
        if handler_call_details.method != METHOD:
            return None
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(self._verify)
        return handler

    async def _verify(self, _requests: object, context: Any) -> bytes:
        """One of four words. A text that can be no number is UNKNOWN like any other."""
        if wait_s := self._rates.wait_s(address_of(context.peer())):
            await _refuse(
                context, Refusal(error_pb2.ERROR_REASON_LIMIT_EXCEEDED, retry_after_ms=int(wait_s * 1000) + 1)
            )
        try:
            async with asyncio.timeout(self._message_s):
                message = await context.read()
        except TimeoutError:
            await _refuse(context, Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED))
        try:
            said = b"" if message is grpc.aio.EOF else message  # type: ignore[attr-defined]
            number = as_stored(contract.VerifyRequest.FromString(said).number)
        except DecodeError:
            await _refuse(context, Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED))
        try:
            standing = self._store.standing(number, int(time.time()))
        except StoreUnusable as error:
            log("certificate_store_unusable", level=ERROR, error=error)
            await _refuse(context, Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=1000))
        return contract.VerifyResponse(status=int(standing)).SerializeToString()  # type: ignore[arg-type]

    def close(self) -> None:
        """Lets the store go."""
        self._store.close()


async def _refuse(context: Any, refusal: Refusal) -> NoReturn:
    code, status = status_of(refusal)
    await context.abort(code, status.message, trailing_metadata=((DETAILS_KEY, status.SerializeToString()),))
    raise AssertionError  # abort raises


async def serve_online(
    listen: str,
    verifier: CertificateVerifier,
    credentials: grpc.ServerCredentials | None,
    ready: Callable[[int], object],
    ended: asyncio.Event,
) -> None:
    """Serves until `ended`; tells `ready` its port. Raises RuntimeError when the address cannot be bound."""
    server = grpc.aio.server(handlers=[verifier], options=_OPTIONS, maximum_concurrent_rpcs=_MOST_CALLS)
    port = server.add_insecure_port(listen) if credentials is None else server.add_secure_port(listen, credentials)
    await server.start()
    ready(port)
    await ended.wait()
    await server.stop(_LAST_CALLS_S)
    verifier.close()


def online_credentials(listen: str, tls_cert: Path | None, tls_key: Path | None) -> grpc.ServerCredentials | None:
    """TLS, the server's alone: anybody may ask. None on loopback. Raises Lacking elsewhere, OSError, SettingsError."""
    if tls_cert is not None and tls_key is not None:
        return grpc.ssl_server_credentials([(read_file(tls_key), read_file(tls_cert))])
    if not parse_address(listen).is_loopback:
        raise Lacking(What.TLS)
    return None
