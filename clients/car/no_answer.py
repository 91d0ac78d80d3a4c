"""Why there is no answer, for an officer who sees keys, not options of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.client.diagnosis import Trouble
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
    Trouble.ANOTHER_PROGRAM: f"Lo que contesta en {{target}} no es Ronda, o se reinicia: repita; {_OPERATIONS}.",
    Trouble.SERVER_SPEAKS_TLS: f"El servidor exige el certificado de este equipo: {_OPERATIONS}.",
    Trouble.SERVER_SPEAKS_PLAINTEXT: f"El servidor no habla TLS; no siga: {_OPERATIONS}.",
    Trouble.CERTIFICATE_OF_ANOTHER_CA: f"El servidor no es el de su institución; no siga: {_OPERATIONS}.",
    Trouble.CERTIFICATE_OF_ANOTHER_NAME: f"El certificado del servidor no es para {{target}}; no siga: {_OPERATIONS}.",
    Trouble.IDENTITY_IS_NONE: f"Falta el certificado de la autoridad (server-ca.pem): {_OPERATIONS}.",
    Trouble.UNKNOWN: f"El servidor cortó la conexión: repita; si sigue, {_OPERATIONS} (certificado de este equipo).",
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
    """What happened and what to do; may take the seconds of a connection that is tried once more."""
    trouble = trouble_of(failure, target, identity)
    return failure_text(failure, target, trouble, reasons=_REASONS, troubles=_TROUBLES)


def told_file(name: str) -> str:
    """That a file of the device cannot be read."""
    return f"No se puede leer {name or 'un archivo del equipo'}: {_OPERATIONS}."
