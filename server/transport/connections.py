"""The connections of a worker: strangers' are limited before any handshake, a device's after it.

gRPC accepts connections and reports none. Its only limit is for all of them (`connections_of`): there it refuses every
newcomer alike, so the first ones could shut the others out. So a worker looks through its descriptors. A connection is
*known* once a call on it was admitted. When the others grow to half of the places left by known ones, some are closed:
first those that sent nothing yet, then, from the address with most of them, the oldest. So a patrol car has the time in
which hundreds of others connect to identify itself, also behind the stranger's address. A client that sends nothing at
all does not even get this far for some seconds: the kernel holds it (TCP_DEFER_ACCEPT), because in HTTP/2 and in TLS
the client speaks first. Strangers' bytes are limited too, because the sender of an incomplete message is unknown; and
so are their refusals (server/transport/refused_peers.py).

A worker that is being replaced closes connection by connection (`leave`). gRPC would end them all at once and drop, as
CANCELLED, the calls that clients send until they notice, some milliseconds later.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from server.logs import WARNING, log
from server.metrics import counts as call_metrics
from server.transport.refused_peers import Place, RefusedPeers

_PAUSE_S = 0.1
_PRESSED_S = 0.01  # while strangers press
# A look takes at most the 20th, pressed the fifth part of the loop's time: a stranger who opens 5,000 a second again
# must find places free for others between two looks.
_SHARE, _SHARE_PRESSED = 20, 4
_AT_A_TIME = 64  # descriptors; then calls are served, for a look at thousands takes 0.1 s
_LOGGED_EVERY_S = 60.0
_LEAST = 8
# What a connection on which nobody was admitted may send, and all of them together. gRPC holds a message until it is
# whole (12 MiB at most), and 128 of them a connection: half of a message sent on each would fill the memory.
STRANGER_BYTES = 16 << 20
STRANGERS_BYTES = 128 << 20
# How long the kernel keeps a connection on which nothing came before gRPC gets it: as many repeated SYN-ACKs as fit
# (tcp(7)), after 1, 3 and 7 s. So who is closed and comes again holds no place for that long.
_SILENT_S = 7
# A leaving worker's connections end once nothing went over them for so long: first who rests, then in the gaps of who
# asks a hundred times a second. Whoever leaves no gap is left to the drain.
_RESTED_MS, _GAP_MS = 1000, 10
_RESTING_S, _LEAVING_S = 3.0, 10.0
_DESCRIPTORS = "/proc/self/fd"
_SENT_AT = struct.Struct("=128xQ")  # tcpi_bytes_received of linux/tcp.h's tcp_info
_LAST = struct.Struct("=24xI16xI4xI")  # its tcpi_unacked; tcpi_last_data_sent and _recv, milliseconds ago
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing frees everything at once


class _Connection:
    """One accepted connection. `number` is its place in the order in which they were seen."""

    __slots__ = ("descriptor", "inode", "listens", "number", "place")

    def __init__(self, descriptor: int, inode: int, place: Place | None, number: int) -> None:
        self.descriptor = descriptor
        self.inode = inode
        self.place = place  # None: no connection of this server
        self.listens = False  # for such
        self.number = number

    def open(self) -> socket.socket | None:
        """A socket of its own for the same connection; None when it ended: gRPC closes its descriptor at any time."""
        try:
            copy = socket.socket(fileno=os.dup(self.descriptor))
        except OSError:
            return None
        if os.fstat(copy.fileno()).st_ino == self.inode:
            return copy
        copy.close()
        return None

    def close_to_newcomers(self) -> None:
        """Stops the listening socket: the kernel gives newcomers to the workers that still listen."""
        if (copy := self.open()) is not None:
            with copy, contextlib.suppress(OSError):  # it was before
                copy.shutdown(socket.SHUT_RDWR)

    def received(self) -> int:
        """Bytes from the other end, which begins the handshake. 1 where the kernel does not tell."""
        if (copy := self.open()) is None:
            return 0
        with copy:
            told = copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SENT_AT.size)
        return int(_SENT_AT.unpack(told)[0]) if len(told) == _SENT_AT.size else 1

    def quiet_ms(self) -> int:
        """Since when no data went either way, all of it received; 0 when it ended."""
        if (copy := self.open()) is None:
            return 0
        with copy:
            told = copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST.size)
        if len(told) != _LAST.size:
            return 0
        unacknowledged, sent, received = _LAST.unpack(told)
        return 0 if unacknowledged else min(sent, received)

    def end(self) -> bool:
        """Ends it for gRPC and the other end; False when it ended before."""
        if (copy := self.open()) is None:
            return False
        with copy:
            try:
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:
                return False
        return True


class Connections:
    """The connections of one worker's gRPC port. Lives in the event loop's thread."""

    def __init__(self, port: int, most: int, most_of_a_device: int) -> None:
        self._port = port
        self._most = most
        self._most_of_a_device = most_of_a_device
        self._peers: dict[str, Place] = {}  # as gRPC names it
        self._devices: dict[Place, tuple[int, int]] = {}  # of known connections, and the look before which it came
        self._refused = RefusedPeers()
        self.elsewhere: set[Place] = set()
        """Remote ends of this worker's connections to another port; `admitted` and `refused` report them as well."""
        self._looks = 0
        self._seen: dict[int, _Connection] = {}  # by descriptor
        self._number = 0
        self._closed: dict[str, int] = defaultdict(int)  # since the last log line, by cause
        self._log_at = 0.0
        self._in_use: Mapping[str, int] | None = None  # of a leaving worker
        self._leaving_since = 0.0
        self._left = asyncio.Event()

    async def leave(self, in_use: Mapping[str, int]) -> int:
        """Accepts no more connections, and ends the present ones one by one, each while it is quiet.

        in_use: peers, as gRPC names them, with calls or streams in progress; their connections stay. Returns the number
        of connections left, after ten seconds at most.
        """
        self._in_use, self._leaving_since = in_use, time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVING_S):
                await self._left.wait()
        live = [connection for connection in self._seen.values() if connection.place is not None]
        return 0 if self._left.is_set() else len(live)

    def admitted(self, peer: str, device: int) -> None:
        """A call from `peer` (as gRPC writes it) was admitted. device: a key of the device, 0 = not limited."""
        if peer not in self._peers:
            place = place_of(peer)
            self._refused.forget(place)
            self._peers[peer] = place
            self._devices[place] = device, self._looks

    def refused(self, peer: str, device: str) -> None:
        """A call from `peer` (as gRPC writes it) was not admitted. device: as RefusedPeers has it."""
        if peer not in self._peers:
            self._refused.refused(place_of(peer), device)

    def is_tired(self, peer: str) -> bool:
        """Returns whether calls from `peer` were refused so often that its connection is to end."""
        return place_of(peer) in self._refused.tired

    async def watch(self) -> None:
        """Looks for ever."""
        while True:
            began = time.thread_time()
            pressed = await self.look()
            if self._in_use is not None:
                pressed = self._let_go(self._in_use)
            took = time.thread_time() - began  # with the calls that were served meanwhile: it spares them
            least, share = (_PRESSED_S, _SHARE_PRESSED) if pressed else (_PAUSE_S, _SHARE)
            await asyncio.sleep(max(least, share * took))

    async def look(self) -> bool:
        """Closes what is too much; whether strangers press: more than half of their bound, or refused."""
        self._looks += 1
        live = [connection for connection in await self._all() if connection.place is not None]
        places = {connection.place for connection in live if connection.place is not None} | self.elsewhere
        self._forget(places)
        self._refused.looked(places)
        strangers, of_devices = [], defaultdict(list)
        for connection in live:
            assert connection.place is not None
            device, _ = self._devices.get(connection.place, (None, 0))
            if device is None:
                strangers.append(connection)
            elif device:
                of_devices[device].append(connection)
        bound = max((self._most - len(live) + len(strangers)) // 2, _LEAST)
        if len(strangers) > bound:
            await self._close("stranger", _first_to_go(strangers)[: len(strangers) - bound * 3 // 4])
        await self._close("bytes", await _too_heavy(strangers))
        await self._close("refusals", [each for each in strangers if each.place in self._refused.tired])
        for connections in of_devices.values():
            if (over := len(connections) - self._most_of_a_device) > 0:
                await self._close("device", sorted(connections, key=lambda connection: connection.number)[:over])
        self._tell()
        return len(strangers) > bound // 2 or bool(self._refused.tired)

    def _let_go(self, in_use: Mapping[str, int]) -> bool:
        """Ends what is quiet; whether anything is left that may be soon."""
        quiet_ms = _RESTED_MS if time.monotonic() - self._leaving_since < _RESTING_S else _GAP_MS
        stay = {place_of(peer) for peer in in_use}
        left = 0
        for connection in self._seen.values():
            if connection.listens:
                connection.close_to_newcomers()
            elif connection.place is not None:
                left += connection.place in stay or not (connection.quiet_ms() >= quiet_ms and connection.end())
        if not left:
            self._left.set()
        return bool(left)

    def _forget(self, live: set[Place]) -> None:
        """Forgets ended connections; one reported during this look may not have been seen yet."""
        ended = {place for place, (_, look) in self._devices.items() if place not in live and look < self._looks}
        if ended:
            self._devices = {place: known for place, known in self._devices.items() if place not in ended}
            self._peers = {peer: place for peer, place in self._peers.items() if place not in ended}

    async def _all(self) -> Iterable[_Connection]:
        seen, self._seen = self._seen, {}
        for count, name in enumerate(os.listdir(_DESCRIPTORS), 1):  # noqa: PTH208 - hot
            if count % _AT_A_TIME == 0:
                await asyncio.sleep(0)
            descriptor = int(name)
            try:
                status = os.fstat(descriptor)
            except OSError:  # closed meanwhile, as the listing's own is
                continue
            if not stat.S_ISSOCK(status.st_mode):
                continue
            connection = seen.get(descriptor)
            if connection is None or connection.inode != status.st_ino:
                connection = self._meet(descriptor, status.st_ino)
            self._seen[descriptor] = connection
        return self._seen.values()

    def _meet(self, descriptor: int, inode: int) -> _Connection:
        self._number += 1
        connection = _Connection(descriptor, inode, None, self._number)
        if (copy := connection.open()) is not None:
            with copy:
                connection.listens = self._listens(copy)
                connection.place = self._of_ours(copy)
        return connection

    def _listens(self, connection: socket.socket) -> bool:
        """Returns whether newcomers come to it; makes the kernel hold back silent ones."""
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        listens = bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        if not listens or connection.getsockname()[1] != self._port:
            return False
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _SILENT_S)
        return True

    def _of_ours(self, connection: socket.socket) -> Place | None:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        try:
            if connection.getsockname()[1] != self._port:
                return None
            host, port = connection.getpeername()[:2]
        except OSError:  # the listening one, or it was reset
            return None
        return host.removeprefix("::ffff:"), port

    async def _close(self, cause: call_metrics.ClosedCause, connections: Iterable[_Connection]) -> None:
        for count, connection in enumerate(connections, 1):
            if count % _AT_A_TIME == 0:
                await asyncio.sleep(0)
            if cause != "device" and connection.place in self._devices:  # admitted meanwhile
                continue
            if connection.end():
                call_metrics.CONNECTIONS_CLOSED.labels(cause).inc()
                self._closed[cause] += 1

    def _tell(self) -> None:
        now = time.monotonic()
        if self._closed and now >= self._log_at:
            self._log_at = now + _LOGGED_EVERY_S
            log("connections_closed", level=WARNING, connections=len(self._seen), closed=dict(self._closed))
            self._closed.clear()


async def _too_heavy(strangers: list[_Connection]) -> list[_Connection]:
    """Returns strangers that sent more than identification needs, then the heaviest while the total is too much."""
    weighed = []
    for count, connection in enumerate(strangers, 1):
        if count % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        weighed.append((connection.received(), connection))
    weighed.sort(key=lambda each: -each[0])
    total = sum(size for size, _ in weighed)
    heavy = []
    for size, connection in weighed:
        if size <= STRANGER_BYTES and total <= STRANGERS_BYTES:
            break
        total -= size
        heavy.append(connection)
    return heavy


def _first_to_go(strangers: list[_Connection]) -> list[_Connection]:
    """Sorts the strangers: first those that sent nothing, then those with most newer ones from their address."""
    newer: dict[str, int] = defaultdict(int)
    ranks: dict[int, tuple[bool, int]] = {}
    for connection in sorted(strangers, key=lambda connection: -connection.number):
        assert connection.place is not None
        host = connection.place[0]
        ranks[connection.number] = (connection.received() > 0, -newer[host])
        newer[host] += 1
    return sorted(strangers, key=lambda connection: ranks[connection.number])


def place_of(peer: str) -> Place:
    """ "ipv4:192.0.2.7:50000", "ipv6:%5B2001:db8::7%5D:50000"; anything else ("unix:") is no place on a network."""
    scheme, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    if scheme not in ("ipv4", "ipv6") or not port.isdecimal():
        return peer, 0
    return host.strip("[]").removeprefix("::ffff:"), int(port)
