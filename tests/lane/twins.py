"""Two servers alike but for the data directory, one asked by grpcio and the other by its lane, call by call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from core.audit.reader import Entry
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from tests.kit.nation_kit import BuiltNation
from tests.lane.came import Came, ask, differences
from tests.lane.laned import Laned, start_laned
from tests.trust.trust_kit import Client, TrustKit


@dataclass(frozen=True)
class Seen:
    """A record as the auditor reads it, without what differs between two logs: times, ids, places, keyed hashes."""

    method: int
    purpose: int
    status: int
    flags: int
    stands_for: int
    identity: str
    case_number: str
    request_id: str
    generation: str
    overlay_sequence: int
    question: bytes | None
    hashed: bool
    entries: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Twins:
    """One kit's callers are known to both. Questions asked of them are counted by each on its own."""

    grpcio: Laned
    lane: Laned

    @property
    def kit(self) -> TrustKit:
        """Returns who may ask."""
        return self.grpcio.kit

    @contextmanager
    def asked_by(self, client: Client) -> Iterator[Pair]:
        """A channel of this client to each."""
        with ExitStack() as held:
            of_grpcio = held.enter_context(self.kit.channel(self.grpcio.address, client))
            of_lane = held.enter_context(self.kit.channel(self.lane.lane, client))
            yield Pair(of_grpcio, of_lane, client)

    def alike(self, client: Client, path: str, request: bytes, **options: Any) -> Came:
        """Returns what both say over new connections; fails where they differ."""
        with self.asked_by(client) as pair:
            return pair.alike(path, request, **options)

    def records(self, count: int) -> list[Seen]:
        """The newest records of both, oldest first; fails where they differ."""
        of_grpcio, of_lane = (self.seen(server, count) for server in (self.grpcio, self.lane))
        differ = [(one, other) for one, other in zip(of_grpcio, of_lane, strict=True) if one != other]
        assert not differ, differ[0]
        return of_lane

    def seen(self, server: Laned, count: int) -> list[Seen]:
        """The newest records of one of them, oldest first."""
        key = load_auditor_private(self.kit.directory / "audit-keys" / "auditor.key")
        reader = AuditReader(server.data / "audit", key)
        return [_seen(reader, record) for record in reader.newest(count)]


@dataclass(frozen=True)
class Pair:
    """One client's channels."""

    grpcio: grpc.Channel
    lane: grpc.Channel
    client: Client

    def alike(self, path: str, request: bytes, **options: Any) -> Came:
        """Returns what both say; fails where they differ."""
        options.setdefault("metadata", self.client.metadata)
        of_grpcio, of_lane = (ask(channel, path, request, **options) for channel in (self.grpcio, self.lane))
        differ = differences(of_grpcio, of_lane)
        assert not differ, differ
        return of_lane


def start_twins(nation: BuiltNation, directory: Path, prepare: Any = None, **settings: Any) -> Twins:
    """Starts both over copies of one nation."""
    first = start_laned(nation, directory / "one", prepare, **settings)
    try:
        return Twins(first, start_laned(nation, directory / "two", kit=first.kit, **settings))
    except BaseException:
        first.server.stop()
        raise


def _seen(reader: AuditReader, record: AuditRecord) -> Seen:
    return Seen(
        method=record.method,
        purpose=record.purpose,
        status=record.status,
        flags=record.flags,
        stands_for=record.stands_for,
        identity=repr(sorted(record.identity.items())),
        case_number=record.case_number,
        request_id=record.request_id,
        generation=record.generation,
        overlay_sequence=record.overlay_sequence,
        question=reader.question(record),
        hashed=any(record.asked),
        entries=tuple(map(_entry, record.entries)),
    )


def _entry(entry: Entry) -> tuple[int, ...]:
    return entry.level, entry.kind, entry.how, entry.flags, entry.row, entry.register, entry.sections
