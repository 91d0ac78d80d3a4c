"""Descriptors (open files, sockets) of a process: as many as the system allows, some of them kept from connections."""

from __future__ import annotations

import resource

from server.logs import WARNING, log

# Kept from connections: segments of the audit log, files of generations while they are opened, threads' and gRPC's own.
_RESERVED = 192
_MOST = 1 << 20  # where the system says "unlimited"
_LEAST_CONNECTIONS = 16


def raise_descriptor_limit() -> int:
    """Raises this process's soft limit (often 1,024) to its hard one, and returns it. Later children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections_of(limit: int, most: int) -> int:
    """Returns the connections that a limit of descriptors allows: `most`, or as many as the reserve leaves."""
    left = max(limit - _RESERVED, _LEAST_CONNECTIONS)
    if left < most:
        log("few_descriptors", level=WARNING, limit=limit, connections=left, wanted=most)
    return min(left, most)
