"""The screen's interface without a network; and the exchange with the server when there is one: key, list, log."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from clients.car.clock import TrustedClock
from clients.car.nothing_offline import NothingOffline
from clients.car.offline.canonical import asking_of
from clients.car.offline.held_key import HeldKey, NotReadable, seconds
from clients.car.offline.list_store import HotList, ListStore
from clients.car.offline.look_up_log import LookUpLog
from clients.client.hot_list import ListPlace, ListRefused, sync_request, take
from ronda.v1 import hotlist_service_pb2 as contract
from ronda.v1 import level_pb2
from ronda.v1.context_pb2 import Purpose
from ronda.v1.register_pb2 import REGISTER_STATE_STALE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clients.client.connection import Connection
    from ronda.v1.context_pb2 import RequestContext

_AT_ONCE = 100  # look-ups of one report
_CALL_SECONDS = 20.0
_LIST_SECONDS = 300.0
_STREAM_SECONDS = 1860.0  # longer than the server's own end of it
NO_STEPS = ("METHOD_UNKNOWN", "FORBIDDEN")
"""Reasons after which asking again would not help: the server is older, or policy gives this officer lists alone."""
_REFUSED = 2  # in a row, from where the list stands: then it is asked for whole

Metadata = list[tuple[str, str]]


@dataclass(frozen=True)
class Listed:
    """An off-line answer: at most POSSIBLE, never clear. left_out: alerts that the list had no room for.

    followed_at: up to when changes are in the list, and age, in seconds: how long ago that is; 0 = nobody says.
    stale: names of the registers that may have changed without the list.
    """

    entries: list[contract.HotlistEntry]
    data_as_of: float
    left_out: int
    followed_at: float = 0.0
    age: float = 0.0
    stale: tuple[str, ...] = ()

    @property
    def level(self) -> int:
        """POSSIBLE for who is listed, INCOMPLETE for who is not."""
        return level_pb2.LEVEL_POSSIBLE if self.entries else level_pb2.LEVEL_INCOMPLETE


class OfflineDesk:
    """One officer's list and log, until `drop`. `directory`: on the device; `purpose`: the contract's name of it.

    Raises LogInUse, OSError, and ValueError or KeyError for a log's head that is none.
    """

    def __init__(self, directory: Path, purpose: str, case_number: str) -> None:
        self._store = ListStore(directory)
        self._log = LookUpLog(directory)
        self._purpose = Purpose.Value(purpose)
        self._case_number = case_number
        self._key: HeldKey | None = None
        self._list: HotList | None = None
        self._signing: dict[str, bytes] = {}
        self._dropped = False
        self._turn = threading.RLock()  # of whoever changes list and key
        self._refused = 0  # streams of steps, in a row
        self.following = False
        """True while a stream of steps stands, so that the list needs nothing else."""
        self.gaps = 0
        self._lost = 0  # gaps of the logs before this one

    @property
    def clock(self) -> TrustedClock | None:
        """The server's time as the key came with it; None without one."""
        return self._key.clock if self._key is not None else None

    @property
    def waiting(self) -> int:
        """Look-ups that the server has no record of yet."""
        return self._log.waiting

    def drop(self) -> None:
        """Forgets the key for good: at lock and at its end. A new login makes a new desk."""
        self._dropped = True
        self._key = self._list = None
        self._log.close()

    def ended(self) -> bool:
        """Returns whether the key's time is over; it is then forgotten, until a sync gets another."""
        if self._key is None or not self._key.over:
            return False
        self._key = self._list = None
        return True

    # -- off line

    def answer(self, words: str, found: int = 0) -> Listed:
        """Looks up and writes the log; what is returned may be shown. found: SubjectFound. Raises NothingOffline."""
        key, held = self._key, self._list
        if key is None or self.ended():
            raise NothingOffline("Fuera de línea y sin llave vigente de la lista: no se responde. Consulte por radio.")
        asking = asking_of(words)
        over = held is None or held.over
        listed: Listed | None = None
        if held is not None and not over and asking.keys:
            listed = self._looked_up(held, asking.kind, asking.keys)
        look_up = contract.OfflineLookUp(
            kind=asking.kind,  # type: ignore[arg-type]
            question=asking.text,
            subject_found=found,  # type: ignore[arg-type]
        )
        self._write_down(key, look_up, held if not over else None, listed)
        if over:
            raise NothingOffline("Fuera de línea y la lista venció, o no hay: no responde nada. Consulte por radio.")
        if listed is None:
            raise NothingOffline(
                "Fuera de línea solo se busca por DPI (CUI), placa, VIN o documento con su país (SLV A123456)."
            )
        return listed

    def _looked_up(self, held: HotList, kind: int, keys: tuple[str, ...]) -> Listed:
        today = _yyyymmdd(self._now())
        try:
            found = [entry for each in keys for entry in held.entries(kind, each)]
        except (NotReadable, OSError):
            self._list = None
            raise NothingOffline("La lista de este equipo está dañada: no responde nada. Consulte por radio.") from None
        in_force = [e for e in found if e.valid_from <= today and (not e.valid_to or today <= e.valid_to)]
        header = held.header
        followed_at = seconds(header.followed_at)
        age = max(0.0, self._now() - followed_at) if followed_at else 0.0
        stale = tuple(each.name for each in header.registers if each.state == REGISTER_STATE_STALE)
        return Listed(in_force, seconds(header.data_as_of), header.left_out, followed_at, age, stale)

    def _now(self) -> float:
        """Returns the server's time: a device's clock that is ahead ends the key, and no alert, and misdates no
        look-up."""
        assert self._key is not None
        return self._key.clock.by_server()

    def _write_down(
        self, key: HeldKey, look_up: contract.OfflineLookUp, held: HotList | None, listed: Listed | None
    ) -> None:
        shown = listed.level if listed is not None else level_pb2.LEVEL_UNSPECIFIED
        look_up.shown = shown  # type: ignore[assignment]
        look_up.list_id = held.header.list_id if held is not None else ""
        look_up.purpose = self._purpose  # type: ignore[assignment]
        look_up.case_number = self._case_number
        look_up.asked_at.FromMilliseconds(int(self._now() * 1000))
        try:
            self._log.append(look_up, key)
        except OSError:
            raise NothingOffline("La consulta no pudo quedar registrada en este equipo: no se responde.") from None

    # -- on line; both run in a thread. Raise grpc.RpcError, OSError.

    def sync(self, connection: Connection, metadata: Metadata, frame: Callable[[], RequestContext]) -> None:
        """Gets the key and the newest list."""
        request = contract.GetDeviceKeyRequest(context=frame())
        got = connection.hotlists.GetDeviceKey(request, timeout=_CALL_SECONDS, metadata=metadata)
        clock = TrustedClock(seconds(got.server_time))
        key = HeldKey(got.key_id, got.key, seconds(got.hold_until), clock)
        signing = {each.key_id: each.public_key for each in got.signing_keys}
        held: HotList | None = None
        with self._turn:
            with contextlib.suppress(NotReadable, ListRefused, ValueError, KeyError):
                held = self._store.open(key, signing)
            if self._dropped:
                return
            self._key, self._list, self._signing = key, held, signing
        if self.following and held is not None:
            return
        with self._turn:
            held = self._fetched(_Asked(connection, metadata, frame(), key), held)
            if not self._dropped:
                self._list = held

    def follow(self, connection: Connection, metadata: Metadata, frame: Callable[[], RequestContext]) -> None:
        """Lays each change over the list as it comes, until the stream ends, another key is had, or `drop`."""
        key = self._key
        if key is None:
            return
        try:
            for _ in self._stepped(_Asked(connection, metadata, frame(), key), _STREAM_SECONDS):
                self.following = True
        except _OtherKey:
            return
        finally:
            self.following = False

    def _fetched(self, asked: _Asked, held: HotList | None) -> HotList | None:
        """Fetches the list with every step; without steps if the server is older or policy gives lists alone."""
        import grpc

        from clients.client.failures import read_failure

        try:
            for _ in self._stepped(asked, _LIST_SECONDS):
                break
        except _OtherKey:
            return None
        except grpc.RpcError as error:
            if read_failure(error).reason not in NO_STEPS:
                raise
            return self._snapshot(asked, held)
        return self._list

    def _stepped(self, asked: _Asked, most_seconds: float) -> Iterator[contract.HotlistHeader]:
        """Keeps the list and what changes on it; each header with which nothing is lacking. Raises _OtherKey."""
        keeper = _Keeper(self, asked.key)
        place = keeper.place
        request = sync_request(asked.context, place if self._refused < _REFUSED else None)
        stream = asked.connection.hotlists.Sync(request, timeout=most_seconds, metadata=asked.metadata)
        try:
            for header in take(stream, keeper, self._signing):
                self._refused = 0
                yield header
        except ListRefused:
            self._refused += 1
        finally:
            stream.cancel()

    def _snapshot(self, asked: _Asked, held: HotList | None) -> HotList | None:
        held_id = held.header.list_id if held is not None else ""
        request = contract.SnapshotRequest(context=asked.context, held_list_id=held_id)
        stream = asked.connection.hotlists.Snapshot(request, timeout=_LIST_SECONDS, metadata=asked.metadata)
        try:
            signed = next(stream).header
            header = contract.HotlistHeader.FromString(signed.header)
            if header.unchanged and held is not None:
                return self._store.renew(signed, held, asked.key, self._signing)
            return self._store.write(signed, self._blocks(stream), asked.key, self._signing)
        except (ListRefused, NotReadable, StopIteration):
            return held
        finally:
            stream.cancel()

    def _blocks(self, stream: Iterator[contract.SnapshotResponse]) -> Iterator[bytes]:
        for part in stream:
            if self._dropped:
                raise ListRefused("locked")
            yield part.block

    def report(self, connection: Connection, metadata: Metadata, frame: Callable[[], RequestContext]) -> None:
        """Sends what was looked up off line, and forgets what the server has on record."""
        import grpc

        keys: dict[str, HeldKey | None] = {}
        begun_anew = False

        def key_of(key_id: str) -> HeldKey | None:
            if self._key is not None and key_id == self._key.key_id:
                return self._key
            if key_id not in keys:
                keys[key_id] = self._older(connection, metadata, frame(), key_id)
            return keys[key_id]

        while self._log.waiting and not self._dropped:
            look_ups = self._log.read(_AT_ONCE, key_of)
            if not look_ups:
                return
            request = contract.ReportLookUpsRequest(context=frame(), log_id=self._log.log_id, look_ups=look_ups)
            try:
                told = connection.hotlists.ReportLookUps(request, timeout=_CALL_SECONDS, metadata=metadata)
            except grpc.RpcError as error:
                if not _too_many_gaps(error) or self._key is None or begun_anew:
                    raise
                begun_anew = True
                self._begin_anew(self._key, key_of)
                continue
            self.gaps = self._lost + sum(gap.last - gap.first + 1 for gap in told.gaps)
            if told.accepted_through < look_ups[-1].sequence:
                return
            self._log.forget(told.accepted_through)

    def _begin_anew(self, key: HeldKey, key_of: Callable[[str], HeldKey | None]) -> None:
        waiting, last = self._log.waiting, self._log.last
        readable = self._log.read(waiting, key_of)
        if self._log.begin_anew(readable, last, key):
            self._lost = self.gaps + waiting - len(readable)

    def _older(
        self, connection: Connection, metadata: Metadata, context: RequestContext, key_id: str
    ) -> HeldKey | None:
        """A key of an earlier day, to read what was written then; None for one that the server gives no more."""
        import grpc

        request = contract.GetDeviceKeyRequest(context=context, key_id=key_id)
        try:
            got = connection.hotlists.GetDeviceKey(request, timeout=_CALL_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            if isinstance(error, grpc.Call) and error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                return None
            raise
        return HeldKey(got.key_id, got.key, seconds(got.hold_until), TrustedClock(seconds(got.server_time)))


class _Asked(NamedTuple):
    """The parts of a request for a list: connection, credentials, context, and the key that the list is kept under."""

    connection: Connection
    metadata: Metadata
    context: RequestContext
    key: HeldKey


class _OtherKey(Exception):
    """The key that a stream keeps the list under is held no more."""


class _Keeper:
    """Keeps what a stream brings, for as long as its key is the desk's; a ListKeeper."""

    def __init__(self, desk: OfflineDesk, key: HeldKey) -> None:
        self._desk, self._key = desk, key

    @contextlib.contextmanager
    def _held(self) -> Iterator[HotList | None]:
        """The list, while nobody else changes it. Raises _OtherKey."""
        with self._desk._turn:
            if self._desk._dropped or self._desk._key is not self._key:
                raise _OtherKey
            yield self._desk._list

    @property
    def place(self) -> ListPlace | None:
        """Returns the place up to which the list is kept."""
        with self._held() as held:
            return held.place if held is not None else None

    def write(
        self, signed: contract.SignedHotlistHeader, _header: contract.HotlistHeader, blocks: Iterator[bytes]
    ) -> None:
        """A list in the place of the one before, which answers until this one is whole."""
        desk = self._desk
        with self._held():
            desk._list = desk._store.write(signed, self._while_held(blocks), self._key, desk._signing)

    def _while_held(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            if self._desk._dropped:
                raise _OtherKey
            yield block

    def append(self, signed: contract.SignedHotlistStep, step: contract.HotlistStep, place: ListPlace) -> None:
        """The next step."""
        with self._held() as held:
            if held is None or held.place.list_id != place.list_id:
                raise _OtherKey
            self._desk._store.append(signed, step, place, held)

    def renew(self, signed: contract.SignedHotlistHeader, _header: contract.HotlistHeader) -> None:
        """A later header."""
        with self._held() as held:
            if held is not None:
                self._desk._store.renew(signed, held, self._key, self._desk._signing)


def _too_many_gaps(error: Exception) -> bool:
    """Returns whether a report would leave more gaps in this log than the server keeps; any other fault stays one."""
    from clients.client.failures import read_failure

    return any(each.field == "look_ups" and "gaps" in each.rule for each in read_failure(error).violations)


def _yyyymmdd(moment: float) -> int:
    from datetime import datetime

    from clients.officer_view.words import GUATEMALA

    return int(datetime.fromtimestamp(moment, GUATEMALA).strftime("%Y%m%d"))
