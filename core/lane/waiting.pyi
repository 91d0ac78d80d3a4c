"""Notices from the loop to Python."""

from enum import IntEnum
from typing import NamedTuple

class Kind(IntEnum):
    """Explained in core/lane/waiting.pxd."""

    ASKS = 1
    NEEDS = 2
    ON_DISK = 3
    CAME = 4
    WENT = 5
    ENDED = 6

class Told(NamedTuple):
    """A call, or a connection."""

    kind: Kind
    method: int  # METHOD_* of core/call/question.pxd, LANE_* of core/lane/lane.h
    refusal: int  # LANE_ASKED (0), or what the transport could not take
    level: int  # of an answer that is held
    peer: int  # the connection's number
    ticket: int
    deadline_ns: int  # CLOCK_MONOTONIC; INT64_MAX = none
    arrived_ns: int  # the same clock
    metadata_bytes: int
    error: Exception | None  # of NEEDS: a core.errors.Needed, or a fault that was recorded
    request: bytes  # of CAME the certificate, DER
    authorization: bytes  # of CAME the name, as gRPC writes it
    response: bytes
