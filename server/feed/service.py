"""FeedService, answered by each worker: what is pushed goes to the one process that writes the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from core.ledger.change import Change, Kind
from core.standardise.encoder import cell_text
from ronda.v1 import error_pb2, feed_service_pb2
from server.calls.own_duplex import Conversation
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.feed.line import FeedLine, Position
from server.feed.part import PUSH
from server.feed.resume import Told, read_token, token_of
from server.feed.sequences import Fate, Outcome
from server.feed.settings import FeedSource
from server.feed.shown import ABSENT, Shown
from server.feed.skipping import Numbered
from server.logs import ERROR, log
from server.metrics import counts
from server.metrics.series import begin

CHANGES_MOST = 256  # of one message
_RECORDED = 200  # characters of an id: no true one has more
_KINDS = {
    feed_service_pb2.FEED_CHANGE_KIND_UPSERT: Kind.UPSERT,
    feed_service_pb2.FEED_CHANGE_KIND_CANCEL: Kind.CANCEL,
    feed_service_pb2.FEED_CHANGE_KIND_HEARTBEAT: Kind.HEARTBEAT,
}


class FeedMethods:
    """Answers each method of FeedService."""

    def __init__(
        self, line: FeedLine, sources: Mapping[str, FeedSource], shown: Callable[[int], Mapping[str, Shown]]
    ) -> None:
        """shown: how answers show the registers at a time (UTC ms), by register id."""
        self._line, self._sources, self._shown = line, sources, shown
        begin(counts.FED, sources, (fate.name for fate in Fate))

    async def status(self, asked: Asked) -> feed_service_pb2.StatusResponse:
        """Returns the state of the sources of the caller's institution."""
        mine = [name for name, source in self._sources.items() if _is_of(asked, source)]
        now = clock_ms()
        response = feed_service_pb2.StatusResponse(server_time=_timestamp(now), ledger_sequence="0")
        if mine:
            positions, sequence = await self._line.positions(mine)
            shown = self._shown(now)
            response.positions.extend(_position(each, shown.get(each.register, ABSENT)) for each in positions)
            response.ledger_sequence = str(sequence)
        return response

    async def skip_change(self, asked: Asked) -> feed_service_pb2.SkipChangeResponse:
        """Gives a missing number up, once a second officer asks for it. Raises Refusal."""
        request = asked.request
        source = self._sources.get(request.source)
        if source is None or not _is_of(asked, source):
            raise Refusal(error_pb2.ERROR_REASON_FEED_SOURCE_UNKNOWN, field="source")
        if len(request.record_id) > _RECORDED:
            rule = f"at most {_RECORDED} characters"
            raise Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field="record_id", rule=rule)
        if not asked.who.get("nip"):
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        numbered = Numbered(request.source, request.register_id, request.sequence, request.record_id)
        skipped = await asked.in_effect(self._line.skip(numbered, asked.officer))
        if skipped is None:
            rule = "the number of a change of this source that was refused and is missing"
            raise Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field="sequence", rule=rule)
        return feed_service_pb2.SkipChangeResponse(skipped=skipped)

    async def push(self, asked: Asked) -> Conversation:
        """Begins a stream of changes. Raises Refusal."""
        name = asked.request.source
        source = self._sources.get(name)
        if source is None or not _is_of(asked, source) or source.by != "push":
            raise Refusal(error_pb2.ERROR_REASON_FEED_SOURCE_UNKNOWN, field="source")
        told = read_token(asked.request.resume_token, name)
        frame = feed_service_pb2.PushRequest(context=asked.request.context, source=name)
        asked.raw, asked.request = frame.SerializeToString(), frame  # its changes are not held while the stream lives
        return _PushStream(asked, self._line, name, told).answer


class _PushStream:
    """One stream."""

    def __init__(self, asked: Asked, line: FeedLine, name: str, told: Mapping[str, Told]) -> None:
        """`told`: positions of the registers by the client's resume token."""
        self._asked, self._line, self._name, self._told = asked, line, name, told
        self._positions: dict[str, Position] = {}

    async def answer(self, raw: bytes) -> Message:
        """Returns the outcomes of one message's changes."""
        try:
            request = feed_service_pb2.PushRequest.FromString(raw)
        except DecodeError:
            raise Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED) from None
        if len(request.changes) > CHANGES_MOST:
            raise Refusal(
                error_pb2.ERROR_REASON_FIELD_INVALID, field="changes", rule=f"at most {CHANGES_MOST} in a message"
            )
        changes = [_change(self._name, each, unsettled=request.unsettled) for each in request.changes]
        await self._record(request)
        first = not self._positions
        if first:
            await self._hold_against_what_was_told()
        outcomes, positions = await self._line.push(self._name, changes)
        if first:
            positions, _ = await self._line.positions([self._name])
        self._positions |= {each.register: each for each in positions}
        response = feed_service_pb2.PushResponse(resume_token=token_of(self._name, list(self._positions.values())))
        response.outcomes.extend(_outcome(each) for each in outcomes)
        response.positions.extend(_position(each) for each in positions)
        for outcome in outcomes:
            counts.FED.labels(self._name, outcome.fate.name).inc()
        return response

    async def _hold_against_what_was_told(self) -> None:
        """Compares the ledger with the client's token. Raises Refusal where the same numbers are other changes.

        A ledger that is behind (a copy that was put back) lacks changes: they are missing, and the register STALE.
        """
        positions, _ = await self._line.positions([self._name])
        told = {each.register: self._told[each.register] for each in positions if each.register in self._told}
        beats = [
            Change(
                Kind.HEARTBEAT,
                each.register,
                self._name,
                source_sequence=told[each.register].through,
                event_ms=clock_ms(),
                unsettled=True,  # what a token knows of is no word of the source that nothing came after it
            )
            for each in positions
            if each.register in told and told[each.register].through > each.through
        ]
        if beats:
            log("feed_ledger_behind", level=ERROR, source=self._name, registers=len(beats))
            await self._line.push(self._name, beats)
        digests = await self._line.digests(self._name, {name: each.through for name, each in told.items()})
        for register, digest in digests.items():
            if digest and told[register].digest and digest != told[register].digest:
                log("feed_ledger_differs", level=ERROR, source=self._name, register=register)
                raise Refusal(error_pb2.ERROR_REASON_FEED_LEDGER_DIFFERS, field=register)

    async def _record(self, request: feed_service_pb2.PushRequest) -> None:
        """Records the request, without the rows: those are in the ledger. Raises AuditUnavailable."""
        asked, told = self._asked, feed_service_pb2.PushRequest()
        told.CopyFrom(request)
        told.source = self._name
        for each in told.changes:
            each.ClearField("cells")
            each.ClearField("manifest_source")
            each.record_id, each.register_id = each.record_id[:_RECORDED], each.register_id[:_RECORDED]
        audit = asked.service.audit
        audit.log.append_record(
            clock_ms=clock_ms(),
            latency_us=int((time.perf_counter() - asked.started) * 1e6),
            method=PUSH.number,
            purpose=asked.entered.purpose,
            flags=asked.entered.flags,
            identity=asked.caller.identity,
            case_number=asked.entered.case_number,
            request_id=asked.entered.request_id,
            asked=told.SerializeToString(),
        )
        if audit.waits:
            await audit.durable()


def _is_of(asked: Asked, source: FeedSource) -> bool:
    return asked.development or asked.institution == source.institution


def _change(source: str, change: feed_service_pb2.FeedChange, *, unsettled: bool) -> Change:
    return Change(
        kind=_KINDS.get(change.kind, Kind.HOLD),  # no kind of a source's own: the writer refuses it
        register=change.register_id,
        source=source,
        record_id=cell_text(change.record_id),  # as the cell of an extract that names the record
        source_sequence=change.sequence,
        event_ms=_event_ms(change),
        manifest_source=change.manifest_source,
        record=dict(change.cells),
        unsettled=unsettled,
    )


def _event_ms(change: feed_service_pb2.FeedChange) -> int:
    """UTC milliseconds; 0 for a time that is none, which the writer refuses by name."""
    try:
        return int(change.event_time.ToMilliseconds())
    except ValueError:
        return 0


def _outcome(outcome: Outcome) -> feed_service_pb2.FeedOutcome:
    return feed_service_pb2.FeedOutcome(
        kind=int(outcome.fate),  # type: ignore[arg-type]
        reason=outcome.reason,  # type: ignore[arg-type]
        field=outcome.field,
        rule=outcome.rule,
    )


def _position(position: Position, shown: Shown | None = None) -> feed_service_pb2.FeedPosition:
    found = feed_service_pb2.FeedPosition(
        source=position.source,
        register_id=position.register,
        through=position.through,
        newest=position.newest,
        held=position.held,
        stale=bool(position.stale),
        stale_reason=position.stale,
    )
    if shown is not None:
        found.shown, found.shown_reason = shown.state, " ".join(shown.reasons)
        found.naming_nothing = shown.naming_nothing
        for rule, records in sorted(shown.unread.items()):
            found.unread.add(rule=rule, records=records)
    for first, last in position.missing:
        found.missing.add(first=first, last=last)
    for sequence, record_id in position.skipped:
        found.skipped.add(sequence=sequence, record_id=record_id)
    for column, rows in sorted(position.unknown_columns.items()):
        found.unknown_columns.add(column=column, rows=rows)
    if position.event_ms:
        found.last_event.CopyFrom(_timestamp(position.event_ms))
    if position.sign_ms:
        found.last_sign.CopyFrom(_timestamp(position.sign_ms))
    return found


def _timestamp(ms: int) -> Timestamp:
    found = Timestamp()
    found.FromMilliseconds(ms)
    return found
