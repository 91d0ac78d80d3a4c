"""A server in production mode with sources of changes, and the programs of institutions that feed it."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
from google.protobuf.timestamp_pb2 import Timestamp

from ronda.v1 import error_pb2
from ronda.v1 import feed_service_pb2 as contract
from tests.kit.field_world import SERVICE, Asker, FieldServer, built_field, field_server
from tests.kit.small_world import SmallWorld

SOURCES: dict[str, Any] = {
    "oj-central": {"institution": "oj", "registers": ["oj"], "silent_s": 3600},
    "mp-central": {"institution": "mp", "registers": ["mp"], "silent_s": 3600},
}
UPSERT, CANCEL, HEARTBEAT = (
    contract.FEED_CHANGE_KIND_UPSERT,
    contract.FEED_CHANGE_KIND_CANCEL,
    contract.FEED_CHANGE_KIND_HEARTBEAT,
)


@contextmanager
def feed_server(
    directory: Path, sources: Mapping[str, Any] | None = None, policy: str = "", **settings: object
) -> Iterator[FieldServer]:
    """The field's server with these sources; its rows are looked at by the field's own manifests."""
    manifests = SmallWorld().write(directory).manifests
    given: dict[str, Any] = {
        "feed_sources": json.dumps(SOURCES if sources is None else sources),
        "manifests": manifests,
    }
    with field_server(directory, policy, **{**given, **settings}) as running:
        yield running


def warrant(
    sequence: int, record_id: str, cui: str = "", state: str = "PENDIENTE", **changes: Any
) -> contract.FeedChange:
    """A warrant of the field's register oj, as it stands now."""
    cells = {
        "ORDEN": record_id,
        "CUI": cui or built_field()[1].clean,
        "NOMBRE": "OSCAR ORTIZ REYES",
        "NACIMIENTO": "1980-05-17",
        "ESTADO": state,
        "FECHA": "2026-05-05",
        "DELITO": "ROBO AGRAVADO",
    }
    fields = {"cells": cells, "event_time": moment(), **changes}
    return contract.FeedChange(sequence=sequence, register_id="oj", record_id=record_id, kind=UPSERT, **fields)


def cancel(sequence: int, record_id: str) -> contract.FeedChange:
    return contract.FeedChange(
        sequence=sequence, register_id="oj", record_id=record_id, kind=CANCEL, event_time=moment()
    )


def heartbeat(sequence: int) -> contract.FeedChange:
    return contract.FeedChange(sequence=sequence, register_id="oj", kind=HEARTBEAT, event_time=moment())


def moment(ahead_s: int = 0) -> Timestamp:
    """Always the same, so that a change sent again is the same; in the past."""
    found = Timestamp()
    if ahead_s:
        found.GetCurrentTime()
        found.seconds += ahead_s
    else:
        found.FromJsonString("2026-11-20T10:00:00Z")
    return found


class Stream:
    """A Push stream of an institution's program: a message, then its answer."""

    def __init__(self, asker: Asker, source: str = "oj-central", token: str = "", **context: Any) -> None:
        self._sending: queue.SimpleQueue[contract.PushRequest | None] = queue.SimpleQueue()
        rpc: Any = asker.channel.stream_stream(
            "/ronda.v1.FeedService/Push", contract.PushRequest.SerializeToString, contract.PushResponse.FromString
        )
        self._answers = rpc(iter(self._sending.get, None), timeout=60, metadata=asker.client.metadata)
        self.first = self._said(contract.PushRequest(context=asker.frame(**context), source=source, resume_token=token))

    def _said(self, request: contract.PushRequest) -> contract.PushResponse:
        self._sending.put(request)
        try:
            answer: contract.PushResponse = next(self._answers)
            return answer
        except grpc.RpcError:
            self._sending.put(None)
            raise

    def send(self, *changes: contract.FeedChange) -> contract.PushResponse:
        """One message, answered."""
        return self._said(contract.PushRequest(changes=changes))

    def fates(self, *changes: contract.FeedChange) -> list[str]:
        """Returns what became of each: a FeedOutcomeKind, of a refusal the reason."""
        return [fate(each) for each in self.send(*changes).outcomes]

    def close(self) -> None:
        self._sending.put(None)
        assert list(self._answers) == []


def fate(outcome: contract.FeedOutcome) -> str:
    if outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED:
        return error_pb2.ErrorReason.Name(outcome.reason).removeprefix("ERROR_REASON_")
    return contract.FeedOutcomeKind.Name(outcome.kind).removeprefix("FEED_OUTCOME_KIND_")


def court(field: FieldServer) -> Asker:
    """The court's program."""
    return field.asker("oj/feed", SERVICE)


def status(asker: Asker) -> contract.StatusResponse:
    response: contract.StatusResponse = asker.ask("FeedService", contract.StatusRequest(), contract.StatusResponse)
    return response


def position(asker: Asker) -> contract.FeedPosition:
    """Returns the position of the court's one register."""
    [found] = status(asker).positions
    return found


def writer_of(field: FieldServer) -> psutil.Process:
    """The process that writes the ledger."""
    children = psutil.Process(field.server.process.pid).children(recursive=True)
    [found] = [each for each in children if "ronda.feed.writer" in each.cmdline()]
    return found
