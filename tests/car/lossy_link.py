"""A radio link in between: a TCP proxy that is late, falls silent, or is cut."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import threading
import time


class LossyLink:
    """Forwards to `target` ("host:port"). `delay_s`: of each direction. `silent`: bytes are taken and never arrive.
    `cut`: connections end, and none is taken. `halves`: as many pieces from the server arrive in half, and their
    connections end. `target` may become another server's.

    Settings may be changed while it runs. Use it as a context manager; `address` is by name, as the certificate has it.
    """

    def __init__(self, target: str, delay_s: float = 0.0) -> None:
        self.target = target
        self.delay_s = delay_s
        self.silent = False
        self.cut = False
        self.halves = 0
        self._near: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers: dict[socket.socket, socket.socket] = {}
        self._late: list[tuple[float, int, socket.socket, bytes]] = []
        self._count = itertools.count()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.address = f"localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> LossyLink:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for each in [self._listener, *self._peers]:
            each.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.005):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._take(key.fileobj)  # type: ignore[arg-type]
            if self.cut:
                self._end_all()
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, peer, data = heapq.heappop(self._late)
                self._give(peer, data)

    def _end_all(self) -> None:
        """Closes every connection, and the port until `cut` is false again."""
        for each in self._peers:
            if each.fileno() >= 0:
                if each in self._selector.get_map():
                    self._selector.unregister(each)
                each.close()
        self._peers.clear()
        self._late.clear()
        port = self._listener.getsockname()[1]
        self._selector.unregister(self._listener)
        self._listener.close()
        while self.cut and not self._over.wait(0.02):
            pass
        self._listener = socket.create_server(("127.0.0.1", port))
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            host, _, port = self.target.rpartition(":")
            far = socket.create_connection((host, int(port)), 1)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
        self._near.add(near)
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _take(self, source: socket.socket) -> None:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        peer = self._peers[source]
        pieces = [data]
        if data and self.halves and source not in self._near:
            self.halves -= 1
            pieces = [data[: len(data) // 2], b""]
        if not pieces[-1]:
            self._selector.unregister(source)
        if not self.silent:
            for piece in pieces:
                heapq.heappush(self._late, (time.monotonic() + self.delay_s, next(self._count), peer, piece))

    def _give(self, peer: socket.socket, data: bytes) -> None:
        try:
            if data:
                peer.sendall(data)
            else:
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone
