"""gRPC's own options of a server: limits and the health of connections."""

from __future__ import annotations

from server.transport.settings import TransportSettings

# Calls that a worker's gRPC takes in before it answers RESOURCE_EXHAUSTED by itself: a bound for memory, far above
# what the gate lets through.
MAX_CONCURRENT_RPCS = 4096
# Calls that wait until Python takes them, from where gRPC begins to drop some, anybody's (its own figure is 1,000): one
# that is refused takes some 0.3 ms, so the last waits three seconds, less than clients do.
MAX_PENDING_CALLS = 10_000
# bytes
MAX_TRANSPORT_METADATA = 65_536

# A client that vanished (coverage fades, power off) is noticed within 60 + 20 seconds.
_KEEPALIVE_MS = 60_000
_KEEPALIVE_TIMEOUT_MS = 20_000
# Clients may ping every ten seconds, also between calls (a patrol car behind NAT); faster is ENHANCE_YOUR_CALM.
_CLIENT_PING_MS = 10_000


def channel_options(settings: TransportSettings, connections: int) -> list[tuple[str, int]]:
    """Options for `grpc.aio.server`. connections: how many it holds at most; more are closed as they come."""
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_allowed_incoming_connections", connections),
        ("grpc.server_handshake_timeout_ms", settings.handshake_s * 1000),
        ("grpc.max_receive_message_length", settings.max_transport_message_bytes),
        ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", 2 * MAX_PENDING_CALLS),
        ("grpc.max_concurrent_streams", settings.max_concurrent_streams),
        # Of its own gRPC counts streams that have ended but are not freed yet with the others, and refuses clients that
        # keep to their settings: 23 % of the calls of one that has twice as many at once as one connection takes.
        ("grpc.http2.max_deallocating_streams", 2 * settings.max_concurrent_streams),
        # Ours refuses at max_metadata_bytes with a reason; what is above this gRPC refuses by itself, without one.
        ("grpc.max_metadata_size", MAX_TRANSPORT_METADATA),
        ("grpc.absolute_max_metadata_size", MAX_TRANSPORT_METADATA),
        # HTTP/2 pins a client to one process: ageing connections out lets clients spread over the workers.
        ("grpc.max_connection_age_ms", settings.max_connection_age_s * 1000),
        ("grpc.max_connection_age_grace_ms", settings.max_connection_age_grace_s * 1000),
        ("grpc.max_connection_idle_ms", settings.max_connection_idle_s * 1000),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", _CLIENT_PING_MS),
        ("grpc.http2.max_ping_strikes", 2),
    ]
