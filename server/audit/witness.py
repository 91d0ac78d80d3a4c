"""The witness: the second keeper's own service, for another institution's machine (`ronda audit witness`).

It takes a checkpoint if the key of its number signed it and it continues the last one: a larger number, trees that do
not shrink, and the same root for the same size. It takes a change of keys from the newest key that it knows, for
numbers that it has not taken yet. `ronda audit verify --keeper` reads the log itself and shows that one tree really
continues the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.files.regular_file import read_file
from ronda.v1 import witness_service_pb2 as contract
from ronda.v1.witness_service_pb2_grpc import WitnessServiceServicer, add_WitnessServiceServicer_to_server
from server.audit.accepting import take_restorations
from server.audit.checkpoints import AppendedLost, Checkpoint, CheckpointFiles, parse
from server.audit.key_chain import CheckpointError, KeyChainError, read_change
from server.audit.lacking import Lacking, What
from server.audit.restorations import NotAccepted
from server.audit.witness_metrics import LOST, NOT_ACCEPTED, NOT_CONTINUED, NOT_SIGNED, NOT_WRITTEN, WitnessFigures
from server.settings import parse_address

_MAX_CHECKPOINT_BYTES = 1 << 20
MOST_STREAMS = 8  # of all who connect; a log has one
_THREADS = 2 * MOST_STREAMS  # one a stream, and those of streams that are being ended
_MOST_CALLS = 64  # begun and not ended; more are refused at once


def refusal(last: Checkpoint | None, new: Checkpoint) -> str:
    """Returns why `new` does not continue `last`; empty = it does, as far as the two texts show."""
    if last is None:
        return ""
    if new.number <= last.number:
        return f"number {new.number} is not after {last.number}"
    if new.seals.size < last.seals.size:
        return "seals were removed"
    if new.seals.size == last.seals.size and new.seals.root != last.seals.root:
        return "seals were altered"
    for segment, head in last.opened.items():
        now = new.opened.get(segment)
        if now is None:
            if new.seals.size == last.seals.size:
                return f"segment {segment} is gone and not sealed"
        elif now.size < head.size:
            return f"records of segment {segment} were removed"
        elif now.size == head.size and now.root != head.root:
            return f"records of segment {segment} were altered"
    return ""


class Witness(WitnessServiceServicer):
    """Keeps what one log sends."""

    def __init__(self, directory: Path, key: Ed25519PublicKey) -> None:
        """key: one that the log signs with, or signed with. Raises CheckpointError when the directory is another's."""
        self._files = CheckpointFiles(directory)
        self._keys = self._files.keys(key)
        self._lock = threading.Lock()
        self._restorations = self._files.restorations(self._keys)  # accepted, as of the last look
        self._last = self._files.last(self._keys)
        self.figures = WitnessFigures(directory)
        if self._last is not None:
            self.figures.found(self._last.number, self._last.time_ms)
        self._streams: dict[grpc.ServicerContext, float] = {}  # -> when it was last heard of

    def _take_changes(self, texts: Sequence[str]) -> None:
        """Keeps the changes of keys that it has not. Raises KeyChainError, OSError."""
        held = self._keys.texts
        if tuple(texts[: len(held)]) != held[: len(texts)]:
            raise KeyChainError("it holds another change of keys than the log")
        for text in texts[len(held) :]:
            change = read_change(text)
            if change.number <= (given := self._highest()):
                raise KeyChainError(f"a change of keys from checkpoint {change.number} on came after {given}")
            keys = self._keys.followed_by(change)
            self._files.write_key_changes(keys.texts)
            self._keys = keys

    def _highest(self) -> int:
        """The highest number that the log gave, as far as it is known here."""
        return max(self._last.number if self._last is not None else 0, self._restorations.lost)

    def _look(self) -> None:
        """Takes up what a person accepted beside it. Raises CheckpointError, OSError."""
        if tuple(self._files.restoration_texts()) != self._restorations.texts:
            self._restorations = self._files.restorations(self._keys)
            self._last = self._files.newest(self._keys, self._restorations)

    def _take(self, request: contract.KeepRequest) -> contract.KeepResponse:
        with self._lock:
            why, kept, wanted = "", False, None
            try:
                self._files.find_appended()
                self._look()
                if request.checkpoint or request.restorations:
                    self._take_changes(request.key_changes)
                    take_restorations(self._files, request.restorations, self._keys)
                    self._look()
                if request.checkpoint:
                    why = self._keep(parse(request.checkpoint, self._keys))
                    kept = not why
                if request.up_to_number:
                    wanted = self._files.newest(self._keys, self._restorations, request.up_to_number)
            except NotAccepted as error:
                why = str(error)
                self.figures.refused(NOT_ACCEPTED)
            except CheckpointError as error:
                why = str(error)
                self.figures.refused(NOT_SIGNED)
            except AppendedLost:
                why = "the witness lost what it took: its directory was emptied, or its disk is not mounted"
                self.figures.refused(LOST)
            except OSError:
                why = "the witness cannot write"
                self.figures.refused(NOT_WRITTEN)
            last = wanted if request.up_to_number else self._last
            return contract.KeepResponse(
                kept=kept,
                refusal=why,
                last_checkpoint=last.text if last is not None else "",
                restorations=self._restorations.texts,
            )

    def _keep(self, checkpoint: Checkpoint) -> str:
        """Takes a checkpoint that is signed; why it does not, "" = it does. Raises OSError."""
        why = refusal(self._last, checkpoint)
        if not why and self._restorations.void(checkpoint.number):
            why = f"number {checkpoint.number} is not after {self._restorations.lost}"
        if why:
            self.figures.refused(NOT_CONTINUED)
            return why
        self._files.append(checkpoint)
        self._last = checkpoint
        self.figures.kept(checkpoint.number)
        return ""

    def Keep(
        self, request_iterator: Iterator[contract.KeepRequest], context: grpc.ServicerContext
    ) -> Iterator[contract.KeepResponse]:
        """One answer a checkpoint. Of more than MOST_STREAMS the one that was silent longest is ended."""
        self._begin(context)
        try:
            for request in request_iterator:
                with self._lock:
                    self._streams[context] = time.monotonic()
                yield self._take(request)
        finally:
            with self._lock:
                self._streams.pop(context, None)
                self.figures.streams = len(self._streams)

    def _begin(self, context: grpc.ServicerContext) -> None:
        with self._lock:
            if len(self._streams) >= MOST_STREAMS:
                silent = min(self._streams, key=lambda each: self._streams[each])
                del self._streams[silent]
                silent.cancel()  # type: ignore[no-untyped-call]
            self._streams[context] = time.monotonic()
            self.figures.streams = len(self._streams)


def start_witness(
    listen: str, witness: Witness, credentials: grpc.ServerCredentials | None = None
) -> tuple[grpc.Server, int]:
    """A started server and its port. Raises RuntimeError when the address cannot be bound."""
    options = [("grpc.max_receive_message_length", _MAX_CHECKPOINT_BYTES), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(_THREADS, "witness"), options=options, maximum_concurrent_rpcs=_MOST_CALLS)
    add_WitnessServiceServicer_to_server(witness, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port(listen) if credentials is None else server.add_secure_port(listen, credentials)
    server.start()
    return server, port


def witness_credentials(
    listen: str, tls_cert: Path | None, tls_key: Path | None, tls_client_ca: Path | None
) -> grpc.ServerCredentials | None:
    """TLS of a witness; None on loopback, where it may do without. Raises Lacking elsewhere, OSError, SettingsError."""
    if tls_cert is not None and tls_key is not None:
        pair = (read_file(tls_key), read_file(tls_cert))
        roots = read_file(tls_client_ca) if tls_client_ca is not None else None
        return grpc.ssl_server_credentials([pair], roots, roots is not None)
    if not parse_address(listen).is_loopback:
        raise Lacking(What.TLS)
    return None
