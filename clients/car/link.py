"""The car's connection: asks without blocking the screen, and starts anew when a call was given up.

gRPC is imported with the first connection, in a thread: the screen is there before it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from clients.client.connection import CallFailure, Connection, Identity
    from clients.client.questions import Question

_Result = TypeVar("_Result")

_PROBE_SECONDS = 2.0
_HEALTH_SECONDS = 3.0
_SLACK_SECONDS = 1.0  # beyond the deadline, until a call counts as lost even if gRPC says nothing

# Not the process's: a connection with a dead radio link is thrown away, never found again.
_OPTIONS = (("grpc.use_local_subchannel_pool", 1),)


def _load() -> None:
    """Imports the modules for the first answer, before it is needed."""
    import clients.car.layers
    import clients.client.calls
    import clients.terminal.told_message  # noqa: F401


class NoAnswer(Exception):
    """A question without an answer, and why.

    failure: None where a file of the device could not be read, `file` names it then.
    """

    def __init__(self, failure: CallFailure | None, file: str = "") -> None:
        super().__init__(failure.status if failure is not None else "file")
        self.failure = failure
        self.file = file

    @property
    def of_the_network(self) -> bool:
        """True if no server was reached, or none in time; False if one refused."""
        failure = self.failure
        if failure is None:
            return False
        return failure.status in ("UNAVAILABLE", "DEADLINE_EXCEEDED") and failure.reason in ("", "DEADLINE_EXCEEDED")


def _whole(answer: Any) -> Any:
    """The answer. Raises NoAnswer for one without the head that each has: it would read as one without an alert."""
    from clients.client.calls import whole

    if (half := whole(answer)) is not None:
        raise NoAnswer(half)
    return answer


class Link:
    """One server, one device. `identity`: path without ending of its files; "" = plaintext."""

    def __init__(self, server: str, identity: str, deadline: float) -> None:
        self.server = server
        self.deadline = deadline
        self._prefix = Path(identity) if identity else None
        self._connection: Connection | None = None
        self._running = 0  # calls that are waited for

    @property
    def token_file(self) -> Path | None:
        """The place of a token file; None in development mode."""
        return Path(f"{self._prefix}.token") if self._prefix is not None else None

    def device(self) -> Identity | None:
        """Returns the device's credentials; None in development mode."""
        from clients.car.device import Device

        return Device.beside(self._prefix) if self._prefix is not None else None

    async def ask(self, question: Question, metadata: list[tuple[str, str]]) -> Any:
        """The answer. Raises NoAnswer; a task that is cancelled cancels the call."""
        connection = await self._connected()
        stub = getattr(connection.checks, question.method)
        return _whole(await self._settled(stub.future(question.request, timeout=self.deadline, metadata=metadata)))

    async def registers(self, request: Any, metadata: list[tuple[str, str]]) -> Any:
        """The registers, as a login asks for them. Raises NoAnswer."""
        connection = await self._connected()
        asking = connection.registers.ListRegisters.future(request, timeout=self.deadline, metadata=metadata)
        return _whole(await self._settled(asking))

    async def work(self, work: Callable[[Connection], _Result]) -> _Result:
        """Runs work of several calls, in a thread. Raises NoAnswer."""
        import grpc

        from clients.client.connection import read_failure

        connection = await self._connected()
        try:
            return await asyncio.to_thread(work, connection)
        except grpc.RpcError as error:
            raise NoAnswer(read_failure(error)) from None

    async def reachable(self) -> bool:
        """Returns whether the server's port takes a connection: costs no call and no record."""
        host, _, port = self.server.rpartition(":")
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), _PROBE_SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    async def alive(self) -> bool:
        """Returns whether the server reports that it serves; a connection that carries nothing is dropped."""
        try:
            connection = await self._connected()
            return connection.serves(await self._settled(connection.ask_health(_HEALTH_SECONDS)))
        except NoAnswer:
            return False

    async def warm(self) -> None:
        """Imports and connects before anybody asks. Raises NoAnswer where the device's files cannot be read."""
        await self._connected()
        await asyncio.to_thread(_load)

    async def explain(self, failure: CallFailure) -> str:
        """Returns the failure and its remedy, in Spanish; tests the connection once more if gRPC does not give the
        reason."""
        from clients.car.no_answer import told_failure

        return await asyncio.to_thread(told_failure, failure, self.server, self.device())

    def close(self) -> None:
        """Ends the connection; the next question makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _connected(self) -> Connection:
        if self._connection is None:
            made = await asyncio.to_thread(self._connect)
            if self._connection is None:
                self._connection = made
            else:
                made.close()
        return self._connection

    def _connect(self) -> Connection:
        from clients.client.connection import Connection

        try:
            return Connection(self.server, self.device(), options=_OPTIONS)
        except OSError as error:
            raise NoAnswer(None, str(error.filename)) from None

    async def _settled(self, call: grpc.Future[Any]) -> Any:
        self._running += 1
        try:
            return await self._waited_for(call)
        finally:
            self._running -= 1

    def _give_up(self) -> None:
        """Throws the connection away, unless another call still hopes for it."""
        if self._running <= 1:
            self.close()

    async def _waited_for(self, call: grpc.Future[Any]) -> Any:
        import grpc

        from clients.client.connection import CallFailure, read_failure

        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def settle(_: Any) -> None:
            loop.call_soon_threadsafe(done.set)

        call.add_done_callback(settle)
        try:
            await asyncio.wait_for(done.wait(), self.deadline + _SLACK_SECONDS)
            return call.result()
        except TimeoutError:
            call.cancel()
            self._give_up()
            raise NoAnswer(CallFailure("DEADLINE_EXCEEDED", "", "DEADLINE_EXCEEDED")) from None
        except asyncio.CancelledError:
            call.cancel()
            raise
        except grpc.RpcError as error:
            failure = read_failure(error)
            if failure.status in ("DEADLINE_EXCEEDED", "UNAVAILABLE"):
                self._give_up()
            raise NoAnswer(failure) from None
