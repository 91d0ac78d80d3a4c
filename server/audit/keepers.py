"""The second keeper: a copy of the checkpoints, out of reach of this machine's administrators.

It is a directory (a mount of another machine, or a disk that another account owns), or the witness service of another
institution (server/audit/witness.py), with an open gRPC stream. A keeper that does not take a checkpoint is asked again
with the next one: only the newest matters.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc

from core.files.regular_file import read_file
from ronda.v1 import witness_service_pb2 as contract
from ronda.v1.witness_service_pb2_grpc import WitnessServiceStub
from server.audit.accepting import must_be_accepted, take_restorations, was_refused
from server.audit.checkpoints import AppendedLost, Checkpoint, CheckpointFiles, parse
from server.audit.key_chain import CheckpointError, KeyChain
from server.audit.restorations import NotAccepted, NotAcceptedThere, Restorations

PLAIN_WITNESS = "grpc://"  # on this machine, or through a tunnel
TLS_WITNESS = "grpcs://"
_TIMEOUT_S = 5.0
NO_RESTORATIONS = Restorations()


class KeeperError(Exception):
    """A keeper did not take a checkpoint: not reached, or refused (it holds a newer one)."""


class KeeperGone(KeeperError):
    """A witness that did not answer, or ended its stream. The next one to answer may be another process."""


class KeeperLost(KeeperError):
    """A keeper that holds less than it took: it was emptied, or its disk is not mounted."""

    def __init__(self, held: int, confirmed: int) -> None:
        super().__init__(f"it holds checkpoint {held} at most, and it took {confirmed}: it lost what it held")
        self.held = held
        self.confirmed = confirmed


class PersonRefused(KeeperError):
    """A person at the second keeper refused the restoration that it is asked for."""


class Keeper(Protocol):
    """Takes checkpoints, tells the last that it took."""

    @property
    def name(self) -> str:
        """Its location, as written in the settings."""

    def keep(self, checkpoint: Checkpoint, keys: KeyChain, restorations: Restorations = NO_RESTORATIONS) -> None:
        """Hands over a checkpoint, the changes of keys up to it and the restorations. Raises KeeperError."""

    def last(self, keys: KeyChain, up_to: int = 0) -> Checkpoint | None:
        """The last that it took and that is not void there, signed by one of the log's keys.

        up_to: the highest number wanted; 0 = the newest. Raises KeeperError, CheckpointError.
        """

    def restorations(self) -> tuple[str, ...]:
        """The texts of the restorations that were accepted there. Raises KeeperError."""

    def ask(self, restorations: Restorations, keys: KeyChain) -> None:
        """Asks a person there to accept the newest restoration.

        Raises PersonRefused where one refused this very text; KeeperError: it does not go with what is there.
        """

    def close(self) -> None:
        """Ends what is open."""


class DirectoryKeeper:
    """A directory."""

    def __init__(self, directory: Path) -> None:
        self.name = str(directory)
        self._files = CheckpointFiles(directory)
        self._changes: tuple[str, ...] | None = None  # that lie there; None = not looked yet

    def keep(self, checkpoint: Checkpoint, keys: KeyChain, restorations: Restorations = NO_RESTORATIONS) -> None:
        try:
            self._files.find_appended()
            self._keep_changes(keys)
            take_restorations(self._files, restorations.texts, keys)
            self._files.append(checkpoint)
        except CheckpointError as error:
            raise KeeperError(str(error)) from error
        except AppendedLost as error:
            raise KeeperLost(error.held, error.appended) from error
        except OSError as error:
            raise KeeperError(error.strerror or "cannot be written") from error

    def _keep_changes(self, keys: KeyChain) -> None:
        if self._changes is None:
            self._changes = tuple(self._files.key_changes())
        if self._changes != keys.texts[: len(self._changes)]:
            raise KeeperError("it holds another change of keys than the log")
        if self._changes != keys.texts:
            self._files.write_key_changes(keys.texts)
            self._changes = keys.texts

    def last(self, keys: KeyChain, up_to: int = 0) -> Checkpoint | None:
        try:
            return self._files.newest(keys, self._files.restorations(keys), up_to or None)
        except OSError as error:
            raise KeeperError(error.strerror or "cannot be read") from error

    def restorations(self) -> tuple[str, ...]:
        try:
            return tuple(self._files.restoration_texts())
        except OSError as error:
            raise KeeperError(error.strerror or "cannot be read") from error

    def ask(self, restorations: Restorations, keys: KeyChain) -> None:
        try:
            self._keep_changes(keys)
            take_restorations(self._files, restorations.texts, keys)
        except NotAcceptedThere as error:
            raise PersonRefused(str(error)) from error
        except NotAccepted:
            return
        except CheckpointError as error:
            raise KeeperError(str(error)) from error
        except OSError as error:
            raise KeeperError(error.strerror or "cannot be written") from error

    def close(self) -> None:
        """Does nothing: nothing is open."""


@dataclass(frozen=True)
class KeeperFiles:
    """PEM files for a grpcs:// keeper, read anew at each connection: certificates are renewed while the process runs.

    ca: the issuer of the keeper's certificate, None = a CA that this machine trusts; cert, key: shown to the keeper.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Raises OSError."""
        read = [read_file(path) if path is not None else None for path in (self.ca, self.key, self.cert)]
        return grpc.ssl_channel_credentials(*read)


class WitnessKeeper:
    """A witness service. One stream; connected anew after a failure. `files`: None = without TLS."""

    def __init__(self, target: str, files: KeeperFiles | None = None) -> None:
        self.name = f"{PLAIN_WITNESS if files is None else TLS_WITNESS}{target}"
        self._target = target
        self._files = files
        self._channel: grpc.Channel | None = None
        self._outbox: queue.SimpleQueue[contract.KeepRequest | None] | None = None
        self._answers: Any = None  # grpc's call object: an iterator of responses

    def _exchange(self, request: contract.KeepRequest) -> contract.KeepResponse:
        if self._outbox is None or self._answers is None:
            self._outbox = queue.SimpleQueue()
            self._answers = self._connect().Keep(iter(self._outbox.get, None))
        self._outbox.put(request)
        # The stream has no deadline of its own: one message does.
        alarm = threading.Timer(_TIMEOUT_S, self._answers.cancel)
        alarm.start()
        try:
            answer: contract.KeepResponse = next(self._answers)
            return answer
        except (grpc.RpcError, StopIteration) as error:
            self.close()
            code = error.code().name if isinstance(error, grpc.Call) else "ended"
            raise KeeperGone(f"the witness did not answer: {code}") from error
        finally:
            alarm.cancel()

    def keep(self, checkpoint: Checkpoint, keys: KeyChain, restorations: Restorations = NO_RESTORATIONS) -> None:
        answer = self._exchange(
            contract.KeepRequest(checkpoint=checkpoint.text, key_changes=keys.texts, restorations=restorations.texts)
        )
        if not answer.kept:
            raise KeeperError(f"the witness refused: {answer.refusal}")

    def last(self, keys: KeyChain, up_to: int = 0) -> Checkpoint | None:
        answer = self._exchange(contract.KeepRequest(up_to_number=up_to))
        return parse(answer.last_checkpoint, keys) if answer.last_checkpoint else None

    def restorations(self) -> tuple[str, ...]:
        return tuple(self._exchange(contract.KeepRequest()).restorations)

    def ask(self, restorations: Restorations, keys: KeyChain) -> None:
        answer = self._exchange(contract.KeepRequest(key_changes=keys.texts, restorations=restorations.texts))
        if answer.refusal == was_refused(restorations.each[-1]):
            raise PersonRefused(answer.refusal)
        if answer.refusal and answer.refusal != must_be_accepted(restorations.each[-1]):
            raise KeeperError(f"the witness refused: {answer.refusal}")
        if not answer.refusal and tuple(answer.restorations) != restorations.texts:
            raise KeeperError("the witness is of an earlier release, which knows no restorations")

    def _connect(self) -> WitnessServiceStub:
        try:
            self._channel = (
                grpc.insecure_channel(self._target)
                if self._files is None
                else grpc.secure_channel(self._target, self._files.credentials())
            )
        except OSError as error:
            raise KeeperError(f"its files cannot be read: {error.strerror}") from error
        return WitnessServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._outbox is not None:
            self._outbox.put(None)
        self._outbox = self._answers = None
        if self._channel is not None:
            self._channel.close()
        self._channel = None


def open_keeper(where: str, files: KeeperFiles = KeeperFiles()) -> Keeper:
    """`grpcs://host:port` is a witness, `grpc://host:port` one without TLS, anything else a directory."""
    if where.startswith(TLS_WITNESS):
        return WitnessKeeper(where.removeprefix(TLS_WITNESS), files)
    if where.startswith(PLAIN_WITNESS):
        return WitnessKeeper(where.removeprefix(PLAIN_WITNESS))
    return DirectoryKeeper(Path(where))
