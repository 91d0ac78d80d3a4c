"""HotlistService, answered by each worker: lists that the making process made, keys, and look-ups that come back."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

from core.audit.reader import Flag, How, entry_bytes
from core.errors import CoreError
from core.generation.reader import DossierReader, EntityKind
from core.identifiers.api import canonical
from core.identifiers.api import plate as take_apart
from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError
from ronda.v1 import check_service_pb2, context_pb2, error_pb2, hotlist_service_pb2, level_pb2
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.hotlist.giving import RETRY_AFTER_MS, ListGiver, list_as_it_was, timestamp
from server.hotlist.keys import HotlistKeys, is_key_id, key_id_of
from server.hotlist.list_maker import today_in_guatemala
from server.hotlist.orders import FOLDER
from server.hotlist.part import OFFLINE_LOOK_UP
from server.hotlist.reports import GAPS, Progress, Reports, TooManyGaps
from server.hotlist.sync import SyncStream
from server.logs import ERROR, WARNING, log

MOST_S = 900.0  # that one stream may take: 25 MB at 220 kbit/s
LOOK_UPS = 100  # of one report
_QUESTION_CHARACTERS = 200
_ID_CHARACTERS = 64
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
        self._keys, self._valid_s = keys, valid_s
        self._reports = Reports(data / FOLDER)
        self._giver = ListGiver(data, keys, valid_s)

    async def snapshot(self, asked: Asked) -> AsyncIterator[hotlist_service_pb2.SnapshotResponse]:
        """The list of the caller's mask."""
        given = await self._giver.list_of(asked)
        mask = self._giver.mask(asked)
        with list_as_it_was():
            whole = await asyncio.to_thread(given.folded)
            asked.answer_id = bytes.fromhex(whole.list_id)
            unchanged = asked.request.held_list_id == whole.list_id
            header = self._giver.folded_header(given, whole, asked.entered.purpose, unchanged=unchanged)
            yield hotlist_service_pb2.SnapshotResponse(header=header)
            for block in () if unchanged else whole.blocks():
                self._giver.still_permitted(asked, mask)
                yield hotlist_service_pb2.SnapshotResponse(block=block)

    def sync(self, asked: Asked) -> AsyncIterator[hotlist_service_pb2.SyncResponse]:
        """The list, and what changes on it."""
        return SyncStream(asked, self._giver).messages()

    async def device_key(self, asked: Asked) -> hotlist_service_pb2.GetDeviceKeyResponse:
        """The key of this device, officer and day."""
        today = today_in_guatemala(time.time())
        key_id = asked.request.key_id or key_id_of(today)
        if not is_key_id(key_id, today):
            raise _invalid("key_id", "an id that this server gave in the last 31 days")
        response = hotlist_service_pb2.GetDeviceKeyResponse(
            key_id=key_id,
            key=self._keys.device_key(_device(asked), asked.officer, key_id),
            hold_until=timestamp(clock_ms() + self._valid_s * 1000),
            server_time=timestamp(clock_ms()),
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
                found = _listed(asked, by_number[number])
                self._record(asked, by_number[number], found)
                _count_persons(asked, found)
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
            raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=RETRY_AFTER_MS) from None
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

    def _record(self, asked: Asked, look_up: hotlist_service_pb2.OfflineLookUp, found: list[DossierReader]) -> None:
        asked.service.audit.log.append_record(
            clock_ms=clock_ms(),
            method=OFFLINE_LOOK_UP.number,
            purpose=look_up.purpose,
            flags=asked.entered.flags & ~Flag.RETRY | _FOUND_FLAGS.get(look_up.subject_found, 0),
            identity=asked.caller.identity,
            case_number=look_up.case_number.encode(),
            request_id=f"{asked.request.log_id[:48]}/{look_up.sequence}".encode(),
            asked_key=_asked_key(look_up),
            asked=look_up.SerializeToString(),
            shown=b"".join(entry_bytes(each.subject_id, How.ASKED) for each in found),
        )

    def _record_gap(self, asked: Asked, first: int, last: int) -> None:
        """One record that stands for every look-up that never came."""
        missing = hotlist_service_pb2.OfflineLookUp(sequence=first, question=f"faltan {first} a {last}")
        asked.service.audit.log.append_record(
            clock_ms=clock_ms(),
            method=OFFLINE_LOOK_UP.number,
            flags=Flag.SUMMED,
            overlay_sequence=last - first + 1,
            identity=asked.caller.identity,
            request_id=f"{asked.request.log_id[:48]}/{first}".encode(),
            asked=missing.SerializeToString(),
        )


# What the audit record says of a person's finding, as the engine records it (core/engine/admission.pyx).
_FOUND_FLAGS: dict[int, int] = {
    check_service_pb2.SUBJECT_FOUND_CHOSEN_BY_NAME: Flag.CHOSEN_BY_NAME,
    check_service_pb2.SUBJECT_FOUND_DOCUMENT_COMPARED: Flag.DOCUMENT_COMPARED,
}


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
    """Returns the key of the engine's own records, so that `ronda audit who-asked` finds it; empty for no
    identifier."""
    try:
        if look_up.kind == check_service_pb2.IDENTIFIER_KIND_PLATE:
            found = take_apart(look_up.question.partition("|")[0].removeprefix("?-"))
            return bytes([IdentifierKind.PLATE]) + f"{found.country}:{found.number}".encode()
        kind = _KINDS.get(look_up.kind)
        return bytes([kind]) + canonical(kind, look_up.question).encode() if kind is not None else b""
    except IdentifierError:
        return b""


def _listed(asked: Asked, look_up: hotlist_service_pb2.OfflineLookUp) -> list[DossierReader]:
    """The subjects that a listed identifier leads to in the current generation."""
    engine, key = asked.service.keeper.engine, _asked_key(look_up)
    if look_up.shown not in (level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT) or not key or engine is None:
        return []
    generation = engine.generation
    try:
        return [DossierReader(generation.dossier(entity)) for entity in generation.lookup(key[0], key[1:])[:20]]
    except CoreError:
        return []


def _count_persons(asked: Asked, found: list[DossierReader]) -> None:
    """Counts persons shown off line among those that the officer saw today; nothing is refused any more."""
    persons = [each.subject_id for each in found if each.kind in (EntityKind.PERSON, EntityKind.UNIDENTIFIED)]
    if persons:
        asked.caller.show(asked.entered.purpose, persons, refuses=False)


def _device(asked: Asked) -> str:
    return str(asked.who.get("device", ""))
