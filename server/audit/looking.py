"""Looking into the log is itself in the log: each tool appends a record before it shows anything.

These records have their own log, "console", one small segment a look. The question is sealed to the auditors like any
other, and `who-asked` finds a look at a person. The actions of an office of certificates are in a log "certificates" in
the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.audit.reader import How, entry_bytes
from ronda.v1.context_pb2 import PURPOSE_AUDIT
from server.account import account_name
from server.audit.keys import key_id
from server.audit.set_up import open_writer
from server.audit.settings import AuditSettings
from server.audit.writer import clock_ms

CONSOLE = "console"
CERTIFICATES = "certificates"


class Tool(IntEnum):
    """The tool used: the record's method."""

    VERIFY = 64
    TAIL = 65
    WHO_ASKED = 66
    ASKED_BY = 67
    PROOF = 68
    REPORT = 69
    SUBJECT_EXPORT = 70
    CERTIFICATE_ISSUE = 71
    CERTIFICATE_REVIEW = 72
    CERTIFICATE_REVOKE = 73
    REPLAY = 74
    RESTORED = 75


def record_look(
    settings: AuditSettings,
    tool: Tool,
    arguments: Mapping[str, Any],
    *,
    auditor: X25519PrivateKey | None = None,
    officer: Mapping[str, Any] | None = None,
    subject_ids: Sequence[bytes] = (),
    asked_key: bytes = b"",
    case_number: str = "",
    log_name: str = CONSOLE,
    purpose: int = PURPOSE_AUDIT,
) -> None:
    """Appends the look and puts it on disk. Raises SettingsError, AuditUnavailable, OSError: then nothing is shown.

    arguments: of the tool; sealed. officer: the identity that a checked token proves; without it only the account's
    name is known. subject_ids: the persons that the look is about.
    """
    identity: dict[str, Any] = {"tool": f"ronda audit {tool.name.lower().replace('_', '-')}", "user": account_name()}
    if auditor is not None:
        identity["key"] = key_id(auditor.public_key())
    identity |= officer or {}
    # The disk's reserve is for this too: a look is possible when answers have stopped.
    writer = open_writer(settings.model_copy(update={"audit_reserve_mib": 0, "audit_segment_mib": 1}), log_name)
    try:
        writer.log.append_record(
            clock_ms=clock_ms(),
            method=tool,
            purpose=purpose,
            identity=json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
            case_number=case_number.encode(),
            asked_key=asked_key,
            asked=json.dumps(dict(arguments), sort_keys=True, ensure_ascii=False, default=str).encode(),
            shown=b"".join(entry_bytes(each, How.AUDIT) for each in subject_ids),
        )
    finally:
        writer.close()
