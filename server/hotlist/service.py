"""HotlistService, answered by each worker: lists that the making process made, keys, and look-ups that come back."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from core.audit.reader import Flag, How, entry_bytes
from core.errors import CoreError
from core.generation.reader import DossierReader
from core.identifiers.api import canonical
from core.identifiers.api import plate as take_apart
from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError
from ronda.v1 import check_service_pb2, context_pb2, error_pb2, hotlist_service_pb2, level_pb2
from server.audit.own_methods import OwnMethod
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.hotlist.entries import MASK
from server.hotlist.keys import HotlistKeys, is_key_id, key_id_of
from server.hotlist.list_file import FORMAT, ListFile, list_path, read_list
from server.hotlist.making_process import today_in_guatemala
from server.hotlist.orders import FOLDER, WANTED
from server.hotlist.reports import GAPS, Progress, Reports, TooManyGaps
from server.logs import ERROR, WARNING, log

MOST_S = 900.0  # that one stream may take: 25 MB at 220 kbit/s
LOOK_UPS = 100  # of one report
_QUESTION_CHARACTERS = 200
_ID_CHARACTERS = 64
_WAIT_S = 20.0  # for a list that is being made
_LOOK_S = 0.25
_RETRY_AFTER_MS = 5000
_KINDS = {
    check_service_pb2.IDENTIFIER_KIND_CUI: IdentifierKind.CUI,
    check_service_pb2.IDENTIFIER_KIND_NIT: IdentifierKind.NIT,
    check_service_pb2.IDENTIFIER_KIND_CEDULA: IdentifierKind.CEDULA,
    check_service_pb2.IDENTIFIER_KIND_DOCUMENT: IdentifierKind.DOCUMENT,
    check_service_pb2.IDENTIFIER_KIND_LICENCE: IdentifierKind.LICENCE,
    check_service_pb2.IDENTIFIER_KIND_TELEPHONE: IdentifierKind.TELEPHONE,
    check_service_pb2.IDENTIFIER_KIND_VIN: IdentifierKind.VIN,
}


class HotlistMethods:
    """Answers each method of HotlistService."""

    def __init__(self, data: Path, keys: HotlistKeys, valid_s: int) -> None:
        self._data, self._keys, self._valid_s = data, keys, valid_s
        self._reports = Reports(data / FOLDER)
        self._known: ListFile | None = None

    async def snapshot(self, asked: Asked) -> AsyncIterator[hotlist_service_pb2.SnapshotResponse]:
        """The list of the caller's mask."""
        list_file = await self._list_of(asked.entered.grant.mask(1) & MASK, asked)
        asked.generation = list_file.generation_id
        asked.answer_id = bytes.fromhex(list_file.list_id)  # which list was given
        unchanged = asked.request.held_list_id == list_file.list_id
        yield hotlist_service_pb2.SnapshotResponse(header=self._signed(list_file, asked.entered.purpose, unchanged))
        if unchanged:
            return
        try:
            for block in list_file.blocks():
                asked.still_permitted()
                yield hotlist_service_pb2.SnapshotResponse(block=block)
        except OSError as error:  # another took its place: the next try has that one
            log("hotlist_not_read", level=ERROR, error=error)
            raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS) from None

    async def device_key(self, asked: Asked) -> hotlist_service_pb2.GetDeviceKeyResponse:
        """The key of this device, officer and day."""
        today = today_in_guatemala(time.time())
        key_id = asked.request.key_id or key_id_of(today)
        if not is_key_id(key_id, today):
            raise _invalid("key_id", "an id that this server gave in the last 31 days")
        response = hotlist_service_pb2.GetDeviceKeyResponse(
            key_id=key_id,
            key=self._keys.device_key(_device(asked), asked.officer, key_id),
            hold_until=_timestamp(clock_ms() + self._valid_s * 1000),
            server_time=_timestamp(clock_ms()),
        )
        response.signing_keys.add(key_id=self._keys.key_id, public_key=self._keys.public_key)
        return response

    async def report(self, asked: Asked) -> hotlist_service_pb2.ReportLookUpsResponse:
        """Records what was looked up off line."""
        request = asked.request
        _check_report(request)
        by_number = {each.sequence: each for each in request.look_ups}
        owner = f"{_device(asked)} {asked.officer}"

        audit, loop = asked.service.audit, asyncio.get_running_loop()

        def record(progress: Progress) -> None:
            for number in progress.fresh:
                self._record(asked, by_number[number])
            for first, last in progress.opened:
                self._record_gap(asked, first, last)
            if audit.waits:
                asyncio.run_coroutine_threadsafe(audit.durable(), loop).result()

        try:
            noted = asyncio.to_thread(self._reports.advance, owner, request.log_id, list(by_number), record)
            progress = await asked.in_effect(noted)
        except TooManyGaps:
            raise _invalid("look_ups", f"at most {GAPS} gaps in a log: send what is missing first") from None
        except sqlite3.Error as error:
            log("offline_report_not_kept", level=ERROR, error=error)
            raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS) from None
        if progress.opened:
            log("offline_look_ups_missing", level=WARNING, gaps=len(progress.opened))
        response = hotlist_service_pb2.ReportLookUpsResponse(
            accepted_through=progress.through,
            accepted=len(progress.fresh),
            known=len(by_number) - len(progress.fresh),
        )
        for first, last in progress.gaps:
            response.gaps.add(first=first, last=last)
        return response

    async def _list_of(self, mask: int, asked: Asked) -> ListFile:
        """The newest list; one that is not there yet is wanted, and waited for. Raises Refusal."""
        keeper = asked.service.keeper
        if keeper.engine is None:
            raise keeper.no_generation()
        self._want(mask, keeper.current_id)
        until = time.monotonic() + _WAIT_S
        while True:
            day = key_id_of(today_in_guatemala(time.time()))
            path = list_path(self._data, asked.service.keeper.current_id, day, mask)
            if self._known is not None and self._known.path == path and not self._known.is_replaced():
                return self._known
            try:
                found = read_list(path)
            except (OSError, ValueError, KeyError) as error:
                log("hotlist_not_read", level=ERROR, error=error)
                found = None
            if found is not None:
                self._known = found
                return found
            if time.monotonic() > until:
                raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS)
            await asyncio.sleep(_LOOK_S)

    def _want(self, mask: int, generation_id: str) -> None:
        """Tells the making process; the supervisor starts it when something is wanted for the first time."""
        folder = self._data / FOLDER / WANTED
        draft = folder / f".{mask:x}-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_text(generation_id, encoding="utf-8")
            draft.rename(folder / f"{mask:x}")
        except OSError as error:
            log("hotlist_not_wanted", level=ERROR, error=error)

    def _signed(self, list_file: ListFile, purpose: int, unchanged: bool) -> hotlist_service_pb2.SignedHotlistHeader:
        header = hotlist_service_pb2.HotlistHeader.FromString(list_file.registers)
        now = clock_ms()
        header.format = FORMAT
        header.list_id = list_file.list_id
        header.generation_id = list_file.generation_id
        header.made_at.CopyFrom(_timestamp(now))
        header.valid_until.CopyFrom(_timestamp(now + self._valid_s * 1000))
        header.entries = list_file.entries
        header.blocks = len(list_file.sizes)
        header.size_bytes = sum(list_file.sizes)
        header.sha256 = list_file.sha256
        header.left_out = list_file.left_out
        header.purpose = purpose  # type: ignore[assignment]
        header.unchanged = unchanged
        packed = header.SerializeToString()
        return hotlist_service_pb2.SignedHotlistHeader(
            header=packed, signature=self._keys.signature(packed), key_id=self._keys.key_id
        )

    def _record(self, asked: Asked, look_up: hotlist_service_pb2.OfflineLookUp) -> None:
        key = _asked_key(look_up)
        asked.service.audit.log.append_record(
            clock_ms=clock_ms(),
            method=OwnMethod.OFFLINE_LOOK_UP,
            purpose=look_up.purpose,
            flags=asked.entered.flags & ~Flag.RETRY,
            identity=asked.caller.identity,
            case_number=look_up.case_number.encode(),
            request_id=f"{asked.request.log_id[:48]}/{look_up.sequence}".encode(),
            asked_key=key,
            asked=look_up.SerializeToString(),
            shown=_shown(asked, key, look_up),
        )

    def _record_gap(self, asked: Asked, first: int, last: int) -> None:
        """One record that stands for every look-up that never came."""
        missing = hotlist_service_pb2.OfflineLookUp(sequence=first, question=f"faltan {first} a {last}")
        asked.service.audit.log.append_record(
            clock_ms=clock_ms(),
            method=OwnMethod.OFFLINE_LOOK_UP,
            flags=Flag.SUMMED,
            overlay_sequence=last - first + 1,
            identity=asked.caller.identity,
            request_id=f"{asked.request.log_id[:48]}/{first}".encode(),
            asked=missing.SerializeToString(),
        )


def _check_report(request: hotlist_service_pb2.ReportLookUpsRequest) -> None:
    """Raises Refusal that names the field and the rule."""
    if not 1 <= len(request.log_id) <= _ID_CHARACTERS or not request.log_id.isprintable():
        raise _invalid("log_id", f"1 to {_ID_CHARACTERS} printable characters")
    if not 1 <= len(request.look_ups) <= LOOK_UPS:
        raise _invalid("look_ups", f"1 to {LOOK_UPS} of them")
    for number, each in enumerate(request.look_ups):
        place = f"look_ups[{number}]"
        if each.sequence < 1:
            raise _invalid(f"{place}.sequence", "1 or more")
        if len(each.question) > _QUESTION_CHARACTERS:
            raise _invalid(f"{place}.question", f"at most {_QUESTION_CHARACTERS} characters")
        if len(each.list_id) > _ID_CHARACTERS or len(each.case_number) > _ID_CHARACTERS:
            raise _invalid(place, f"ids of at most {_ID_CHARACTERS} characters")
        if not (each.list_id + each.case_number).isprintable():
            raise _invalid(place, "control characters or characters of direction")
        if each.purpose not in context_pb2.Purpose.values():
            raise _invalid(f"{place}.purpose", "unknown purpose")


def _invalid(field: str, rule: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=field, rule=rule)


def _asked_key(look_up: hotlist_service_pb2.OfflineLookUp) -> bytes:
    """As the engine's own records have it, so that `ronda audit who-asked` finds it; empty for no identifier."""
    try:
        if look_up.kind == check_service_pb2.IDENTIFIER_KIND_PLATE:
            found = take_apart(look_up.question.partition("|")[0].removeprefix("?-"))
            return bytes([IdentifierKind.PLATE]) + f"{found.country}:{found.number}".encode()
        kind = _KINDS.get(look_up.kind)
        return bytes([kind]) + canonical(kind, look_up.question).encode() if kind is not None else b""
    except IdentifierError:
        return b""


def _shown(asked: Asked, key: bytes, look_up: hotlist_service_pb2.OfflineLookUp) -> bytes:
    """The subjects that a listed identifier leads to in the current generation."""
    engine = asked.service.keeper.engine
    if look_up.shown not in (level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT) or not key or engine is None:
        return b""
    generation = engine.generation
    try:
        found = [DossierReader(generation.dossier(entity)) for entity in generation.lookup(key[0], key[1:])]
    except CoreError:
        return b""
    return b"".join(entry_bytes(each.subject_id, How.ASKED) for each in found[:20])


def _device(asked: Asked) -> str:
    return str(asked.who.get("device", ""))


def _timestamp(ms: int) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime.fromtimestamp(ms // 1000, UTC))
    return found
