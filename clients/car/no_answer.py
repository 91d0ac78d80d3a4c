"""The reasons for no answer, for an officer who sees keys, not options of a command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clients.client.diagnosis import Trouble
from clients.client.failures import OutcomeUnknown
from clients.client.whole_file import read_whole
from clients.officer_view.failures import failure_text, trouble_of
from clients.spanish import failures as spoken

if TYPE_CHECKING:
    from clients.client.connection import CallFailure, Identity

_OPERATIONS = "avise a operaciones"
_SIGN_IN = "inicie sesión en su institución y entre con el token nuevo (F10)"

_REASONS = {
    **spoken.REASONS,
    "NO_GENERATION": "El servidor aún no tiene datos: reintente en unos minutos.",
    "DEADLINE_EXCEEDED": "El servidor no respondió a tiempo (mala cobertura): repita.",
    "TOKEN_EXPIRED": f"Su token venció: {_SIGN_IN}.",
    "TOKEN_MISSING": f"Falta su token: {_SIGN_IN}.",
    "TOKEN_INVALID": f"El servidor no acepta su token: {_SIGN_IN}.",
    "FORBIDDEN": "Su función no permite esta consulta con este motivo: pida el permiso a su institución.",
    "PAGE_TOKEN_INVALID": spoken.REASONS["GENERATION_GONE"],
}
_TROUBLES = {
    **spoken.TROUBLES,
    Trouble.NOT_REACHED: "Sin conexión con el servidor: revise la cobertura y repita.",
    Trouble.ADDRESS_IS_NONE: f"La dirección del servidor, {{target}}, no vale: {_OPERATIONS}.",
    Trouble.NAME_NOT_KNOWN: "Sin conexión con el servidor (no se halló su nombre): revise la cobertura y repita.",
    Trouble.NO_WAY: "Sin conexión con el servidor: revise la cobertura y repita.",
    Trouble.ANOTHER_PROGRAM: f"Lo que contesta en {{target}} no es Ronda, o se reinicia: repita; {_OPERATIONS}.",
    Trouble.SERVER_SPEAKS_TLS: f"El servidor exige el certificado de este equipo: {_OPERATIONS}.",
    Trouble.SERVER_SPEAKS_PLAINTEXT: f"El servidor no habla TLS; no siga: {_OPERATIONS}.",
    Trouble.CERTIFICATE_OF_ANOTHER_CA: f"El servidor no es el de su institución; no siga: {_OPERATIONS}.",
    Trouble.CERTIFICATE_OF_ANOTHER_NAME: f"El certificado del servidor no es para {{target}}; no siga: {_OPERATIONS}.",
    Trouble.IDENTITY_IS_NONE: f"Falta el certificado de la autoridad (server-ca.pem): {_OPERATIONS}.",
    Trouble.OWN_CERTIFICATE_IS_NONE: f"El certificado de este equipo no se puede leer: {_OPERATIONS}.",
    Trouble.OWN_KEY_IS_NONE: f"La llave de este equipo no se puede leer: {_OPERATIONS}.",
    Trouble.OWN_TOKEN_IS_NONE: "Su token no se puede leer: inicie sesión de nuevo.",
    Trouble.OWN_FILES_EXCHANGED: f"El certificado y la llave de este equipo están cambiados: {_OPERATIONS}.",
    Trouble.OWN_KEY_OF_ANOTHER_CERTIFICATE: f"La llave de este equipo no es la de su certificado: {_OPERATIONS}.",
    Trouble.OWN_CERTIFICATE_OUT_OF_DATE: f"El certificado de este equipo no está vigente: {_OPERATIONS}.",
    Trouble.OWN_CERTIFICATE_REFUSED: f"El servidor no acepta el certificado de este equipo: {_OPERATIONS}.",
    Trouble.OWN_CERTIFICATE_YOUNG: (
        f"El servidor no acepta el certificado de este equipo, que es nuevo; si su reloj va atrás, aún no vale: "
        f"{_OPERATIONS}."
    ),
    Trouble.UNKNOWN: f"El servidor cortó la conexión: repita; si sigue, {_OPERATIONS} (certificado de este equipo).",
}
_AT_THE_ISSUER = {
    **_REASONS,
    "CERTIFICATE_UNKNOWN": f"El certificado de este equipo no es de su institución: {_OPERATIONS}.",
    "FORBIDDEN": f"El certificado de este equipo no es de patrulla (¿de un portal?): {_OPERATIONS}.",
}
_OF_THE_ISSUER = {
    trouble: text.replace("El servidor", "El emisor de su institución")
    .replace("el servidor", "el emisor de su institución")
    .replace("del servidor", "del emisor")
    .replace("server-ca.pem", "issuer-ca.pem")
    for trouble, text in _TROUBLES.items()
}
TOKEN_REFUSED = (
    "TOKEN_EXPIRED",
    "TOKEN_NOT_YET_VALID",
    "TOKEN_MISSING",
    "TOKEN_INVALID",
    "TOKEN_NOT_BOUND",
    "REVOKED",
)


def told_failure(failure: CallFailure, target: str, identity: Identity | None) -> str:
    """Returns the failure and its remedy; may take the seconds of one more connection attempt."""
    trouble = trouble_of(failure, target, identity)
    if own := _own_certificate(trouble, identity):
        return own
    return failure_text(failure, target, trouble, reasons=_REASONS, troubles=_TROUBLES)


def told_sign_in(failure: CallFailure, issuer: str, identity: Identity, trouble: Trouble | None = None) -> str:
    """Returns why an officer could not sign in at their institution's issuer; as told_failure. trouble: if it is
    known."""
    if failure.reason == "LIMIT_EXCEEDED":
        minutes = max(1, round((failure.retry_after_seconds or 0.0) / 60 + 0.5))
        return f"Demasiados intentos fallidos: espere {minutes} min, o avise a su institución."
    if failure.violations:
        said = (spoken.said_of_sign_in(each.field, each.rule) for each in failure.violations)
        return "; ".join(said) + "."
    if isinstance(failure, OutcomeUnknown):
        return "No se sabe si la contraseña cambió: repita el mismo cambio, o entre con la nueva."
    if failure.status == "DEADLINE_EXCEEDED":
        return "El emisor de su institución no respondió a tiempo (mala cobertura): repita."
    trouble = trouble or trouble_of(failure, issuer, identity)
    if own := _own_certificate(trouble, identity):
        return own
    return failure_text(failure, issuer, trouble, reasons=_AT_THE_ISSUER, troubles=_OF_THE_ISSUER)


def _own_certificate(trouble: Trouble | None, identity: Identity | None) -> str:
    """Since when, or until when, the device's own certificate holds, where it is out of date; else ""."""
    if trouble is not Trouble.OWN_CERTIFICATE_OUT_OF_DATE or identity is None:
        return ""
    from cryptography import x509

    try:
        own = x509.load_pem_x509_certificate(read_whole(identity.certificate))
    except (OSError, ValueError):
        return f"El certificado de este equipo no se puede leer: {_OPERATIONS}."
    now = datetime.now(UTC)
    if now > own.not_valid_after_utc:
        return f"El certificado de este equipo venció el {own.not_valid_after_utc:%d/%m/%Y}: {_OPERATIONS}."
    if now < own.not_valid_before_utc:
        since = f"{own.not_valid_before_utc:%d/%m/%Y}"
        return f"El certificado de este equipo vale desde el {since}: revise la hora de este equipo; {_OPERATIONS}."
    return ""


def told_file(name: str) -> str:
    """Returns the text for an unreadable file of the device."""
    return f"No se puede leer {name or 'un archivo del equipo'}: {_OPERATIONS}."
