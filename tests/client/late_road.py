"""A TCP way to a server on which answers of chosen connections are held until they are let go."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class LateRoad:
    """Listens on a free port; `address` by name, as the server's certificate has it.

    held: numbers of connections, in the order in which they came; their answers do not pass once `hold` is set.
    """

    def __init__(self, server: str, held: frozenset[int] = frozenset({0})) -> None:
        host, _, port = server.rpartition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pipes: list[socket.socket] = []
        self.held = held
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.connections = 0

    @property
    def address(self) -> str:
        """Returns where clients ask."""
        return f"localhost:{self._listener.getsockname()[1]}"

    def hold(self) -> None:
        """From now on answers of the held connections wait."""
        self.open_gate.clear()

    def let_go(self) -> None:
        """They pass."""
        self.open_gate.set()

    def cut(self) -> None:
        """Ends every connection, half an answer and all."""
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> LateRoad:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.let_go()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._server)
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._pipes += [near, far]
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, number in self.held), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, held: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if held:
                    self.open_gate.wait()
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
