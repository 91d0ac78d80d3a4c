"""The issuer's append-only record: who, when, through what, with what outcome; numbers and NIPs as keyed hashes.

A log of its own in the format of Ronda's (docs/audit-format.md), signed and kept by a second keeper like that. A
sign-in leaves only after its record is on disk. What says nothing of an officer (malformed, locked) is summed up when
it floods.
"""

from __future__ import annotations

import json
import time

from ronda.v1 import error_pb2
from server.audit.issuer_acts import IssuerAct
from server.audit.set_up import open_writer
from server.audit.writer import AuditWriter
from server.calls.refused import RefusalRecords
from server.errors import Refusal
from server.issuer.settings import IssuerSettings
from server.issuer.store import Officer
from server.trust.peer import Peer

SERVING, CLERK = "issuer", "clerk"  # the names of its logs
# Each has a record: they are what guessing looks like, and none comes faster than a hash.
_WHOLE = frozenset({error_pb2.ERROR_REASON_SIGN_IN_REFUSED, error_pb2.ERROR_REASON_PIN_EXPIRED})


def _bytes_of(who: dict[str, object]) -> bytes:
    return json.dumps(who, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def identity_of(peer: Peer, officer: Officer | None) -> bytes:
    """Returns the identity that the certificate proves, with the officer if proven too."""
    who: dict[str, object] = {"device": peer.device, "institution": peer.institution.id}
    if officer is not None:
        who |= {"nip": officer.nip, "unit": officer.unit, "roles": list(officer.roles)}
        who["reference"] = officer.reference.hex()
    return _bytes_of(who)


class Records:
    """The log while the issuer serves. Of one event loop."""

    def __init__(self, settings: IssuerSettings) -> None:
        """Raises SettingsError."""
        self.writer: AuditWriter = open_writer(settings, SERVING)
        self.refusals = RefusalRecords(self.writer)

    async def granted(
        self, act: IssuerAct, peer: Peer, officer: Officer | None, subject: str = "", request_id: str = ""
    ) -> None:
        """Raises AuditUnavailable: then nothing may leave."""
        await self._append(act, identity_of(peer, officer), 0, subject, request_id)

    async def refused(
        self, act: IssuerAct, peer: Peer | None, refusal: Refusal, subject: str = "", request_id: str = ""
    ) -> None:
        """Raises AuditUnavailable."""
        identity = identity_of(peer, None) if peer is not None else _bytes_of({"device": ""})
        if refusal.reason in _WHOLE:
            await self._append(act, identity, refusal.reason, subject, request_id)
        else:
            refusal.identity = identity
            await self.refusals.record(act.name, b"", refusal, None, time.time_ns() // 1_000_000)

    async def _append(self, act: IssuerAct, identity: bytes, status: int, subject: str, request_id: str) -> None:
        self.writer.log.append_record(
            clock_ms=time.time_ns() // 1_000_000,
            method=act,
            status=status,
            identity=identity,
            request_id=request_id.encode(),
            asked_key=subject.encode(),
        )
        if self.writer.waits:
            await self.writer.durable()

    def close(self) -> None:
        """Puts everything on disk. Raises OSError."""
        self.refusals.sum_up(time.time_ns() // 1_000_000, all_of_them=True)
        self.writer.close()


def record_clerk(settings: IssuerSettings, act: IssuerAct, user: str, nip: str = "") -> None:
    """An act of the institution's clerk, on disk. Raises SettingsError, AuditUnavailable, OSError: it is not done."""
    writer = open_writer(settings.model_copy(update={"audit_reserve_mib": 0, "audit_segment_mib": 1}), CLERK)
    try:
        who: dict[str, object] = {"user": user, "tool": f"ronda keys issuer {act.name.lower().replace('_', '-')}"}
        writer.log.append_record(
            clock_ms=time.time_ns() // 1_000_000,
            method=act,
            identity=_bytes_of(who | ({"nip": nip} if nip else {})),
            asked_key=nip.encode(),
        )
    finally:
        writer.close()
