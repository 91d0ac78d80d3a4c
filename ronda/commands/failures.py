"""A call that got no answer, in Spanish: what happened, what to do, and an exit status of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from clients.client.diagnosis import Trouble
from clients.officer_view.failures import failure_text, trouble_of
from clients.spanish import failures as spoken
from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail

if TYPE_CHECKING:
    from clients.client.connection import CallFailure, Identity

# By the contract's ErrorReason; the words are in clients/spanish/failures.py.
_STATUSES = {
    "NO_GENERATION": ExitStatus.NO_DATA,
    "OVERLOADED": ExitStatus.BUSY,
    "LIMIT_EXCEEDED": ExitStatus.BUSY,
    "TOO_MANY_PERSONS": ExitStatus.BUSY,
    "DRAINING": ExitStatus.BUSY,
    "DEADLINE_EXCEEDED": ExitStatus.DEADLINE,
    "TOKEN_EXPIRED": ExitStatus.TOKEN_EXPIRED,
    "TOKEN_NOT_YET_VALID": ExitStatus.TOKEN_EXPIRED,
    "TOKEN_MISSING": ExitStatus.NOT_ACCEPTED,
    "TOKEN_INVALID": ExitStatus.NOT_ACCEPTED,
    "TOKEN_NOT_BOUND": ExitStatus.NOT_ACCEPTED,
    "CERTIFICATE_UNKNOWN": ExitStatus.NOT_ACCEPTED,
    "REVOKED": ExitStatus.NOT_ACCEPTED,
    "TLS_TOO_OLD": ExitStatus.NOT_ACCEPTED,
    "FORBIDDEN": ExitStatus.FORBIDDEN,
    "DELEGATION_FORBIDDEN": ExitStatus.FORBIDDEN,
    "DOSSIER_DAMAGED": ExitStatus.DAMAGED,
    "AUDIT_UNAVAILABLE": ExitStatus.NOT_RECORDED,
    "PAGE_TOKEN_INVALID": ExitStatus.GONE,
    "GENERATION_GONE": ExitStatus.GONE,
    "HANDLE_INVALID": ExitStatus.GONE,
    "SUBJECT_NOT_FOUND": ExitStatus.GONE,
    "MESSAGE_TOO_LARGE": ExitStatus.CALLER,
    "METADATA_TOO_LARGE": ExitStatus.CALLER,
    "METHOD_UNKNOWN": ExitStatus.OURS,
    "SIGN_IN_REFUSED": ExitStatus.NOT_ACCEPTED,
    "SESSION_OVER": ExitStatus.TOKEN_EXPIRED,
    "PIN_EXPIRED": ExitStatus.TOKEN_EXPIRED,
    "PART_UNAVAILABLE": ExitStatus.BUSY,
    "CONFIRMATION_NOT_FOUND": ExitStatus.GONE,
    "FEED_SOURCE_UNKNOWN": ExitStatus.FORBIDDEN,
    "FEED_REGISTER_FOREIGN": ExitStatus.FORBIDDEN,
    "FEED_SEQUENCE_REUSED": ExitStatus.HISTORIES_DIFFER,
    "FEED_SEQUENCE_RESET": ExitStatus.HISTORIES_DIFFER,
    "FEED_GAP_TOO_WIDE": ExitStatus.CALLER,
    "FEED_EVENT_IN_FUTURE": ExitStatus.CALLER,
    "FEED_ROW_REFUSED": ExitStatus.CALLER,
    "FEED_CHANGE_TOO_LARGE": ExitStatus.CALLER,
    "FEED_NOT_KEPT": ExitStatus.BUSY,
    "FEED_LEDGER_DIFFERS": ExitStatus.HISTORIES_DIFFER,
    "STATISTICS_UNAVAILABLE": ExitStatus.NO_DATA,
    "INTERNAL": ExitStatus.OURS,
}
REASONS: dict[str, tuple[ExitStatus, str]] = {
    reason: (status, spoken.REASONS[reason]) for reason, status in _STATUSES.items()
}

_TROUBLE_STATUSES = {
    Trouble.ADDRESS_IS_NONE: ExitStatus.CALLER,
    Trouble.NAME_NOT_KNOWN: ExitStatus.NO_SERVER,
    Trouble.NOT_REACHED: ExitStatus.NO_SERVER,
    Trouble.NO_WAY: ExitStatus.NO_SERVER,
    Trouble.ANOTHER_PROGRAM: ExitStatus.NO_SERVER,
    Trouble.SERVER_SPEAKS_TLS: ExitStatus.PLAINTEXT_OR_TLS,
    Trouble.SERVER_SPEAKS_PLAINTEXT: ExitStatus.PLAINTEXT_OR_TLS,
    Trouble.CERTIFICATE_OF_ANOTHER_CA: ExitStatus.SERVER_CERTIFICATE,
    Trouble.CERTIFICATE_OUT_OF_DATE: ExitStatus.SERVER_CERTIFICATE,
    Trouble.CERTIFICATE_OF_ANOTHER_NAME: ExitStatus.SERVER_CERTIFICATE,
    Trouble.IDENTITY_IS_NONE: ExitStatus.FILES,
    Trouble.OWN_CERTIFICATE_IS_NONE: ExitStatus.FILES,
    Trouble.OWN_KEY_IS_NONE: ExitStatus.FILES,
    Trouble.OWN_FILES_EXCHANGED: ExitStatus.FILES,
    Trouble.OWN_TOKEN_IS_NONE: ExitStatus.FILES,
    Trouble.OWN_KEY_OF_ANOTHER_CERTIFICATE: ExitStatus.FILES,
    Trouble.OWN_CERTIFICATE_OUT_OF_DATE: ExitStatus.NOT_ACCEPTED,
    Trouble.OWN_CERTIFICATE_REFUSED: ExitStatus.NOT_ACCEPTED,
    Trouble.OWN_CERTIFICATE_YOUNG: ExitStatus.NOT_ACCEPTED,
    Trouble.UNKNOWN: ExitStatus.NOT_ACCEPTED,
}
_TROUBLES: dict[Trouble, tuple[ExitStatus, str]] = {
    trouble: (status, spoken.TROUBLES[trouble]) for trouble, status in _TROUBLE_STATUSES.items()
}


def fail_call(
    failure: CallFailure, target: str, identity: Identity | None, as_json: bool, hints: list[str]
) -> NoReturn:
    """Says in Spanish why there is no answer and what to do, and ends with the status for it."""
    hints = hints if failure.status == "INVALID_ARGUMENT" else []
    trouble = trouble_of(failure, target, identity)
    details: dict[str, Any] = {
        "status": failure.status,
        "reason": failure.reason,
        "violations": [{"field": v.field, "rule": v.rule} for v in failure.violations],
        "suggestions": hints,
    }
    fail(failure_text(failure, target, trouble, hints), status_of(failure, trouble), as_json, **details)


def fail_of_files(identity: Identity, target: str, as_json: bool) -> None:
    """Ends the command where the identity's own files let no connection come about. Raises OSError."""
    from clients.client.own_files import trouble_of_files

    if (trouble := trouble_of_files(identity)) is not None:
        status, text = _TROUBLES[trouble]
        fail(text.format(target=target), status, as_json, status="UNAVAILABLE", reason=trouble.name)


def status_of(failure: CallFailure, trouble: Trouble | None) -> ExitStatus:
    """The exit status of a failure. trouble: what stands in between, where no server answered."""
    if failure.reason in REASONS:
        return REASONS[failure.reason][0]
    if trouble is not None:
        return _TROUBLES[trouble][0]
    by_grpc = {
        "INVALID_ARGUMENT": ExitStatus.CALLER,
        "DEADLINE_EXCEEDED": ExitStatus.DEADLINE,
        "RESOURCE_EXHAUSTED": ExitStatus.BUSY,
    }
    return by_grpc.get(failure.status, ExitStatus.OURS)


def missing_file(name: str) -> str:
    """Returns the message for an unreadable file of the caller's identity."""
    what = {".token": "el token del oficial", ".key": "la llave del equipo", ".pem": "el certificado"}
    kind = next((words for ending, words in what.items() if name.endswith(ending)), "el archivo")
    return (
        f"No se puede leer {kind} {name}: revise --identity (ruta sin terminación de .pem, .key y .token, "
        "con server-ca.pem al lado)."
    )
