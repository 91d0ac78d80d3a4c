"""A call that got no answer, in Spanish: what happened, what to do, and an exit status of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from clients.client.diagnosis import Trouble, diagnose
from clients.spanish import words as spanish
from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail

if TYPE_CHECKING:
    from clients.client.connection import CallFailure, Identity

_SIGN_IN = "pida otro token a su institución (inicie sesión de nuevo)"
_RETRY = "reintente en un momento"

# By the contract's ErrorReason; {seconds} is filled where the server named a time.
REASONS: dict[str, tuple[ExitStatus, str]] = {
    "NO_GENERATION": (
        ExitStatus.NO_DATA,
        "El servidor aún no tiene datos: ejecute `ronda index` y espere la publicación.",
    ),
    "OVERLOADED": (ExitStatus.BUSY, "Servidor ocupado: reintente{seconds}."),
    "LIMIT_EXCEEDED": (ExitStatus.BUSY, "Su cuota de consultas se agotó: reintente{seconds}, o avise a su supervisor."),
    "DRAINING": (ExitStatus.BUSY, f"El servidor se está apagando: {_RETRY}."),
    "DEADLINE_EXCEEDED": (
        ExitStatus.DEADLINE,
        "El servidor no respondió a tiempo: reintente, o espere más con --deadline.",
    ),
    "TOKEN_EXPIRED": (ExitStatus.TOKEN_EXPIRED, f"Su token venció: {_SIGN_IN}."),
    "TOKEN_NOT_YET_VALID": (
        ExitStatus.TOKEN_EXPIRED,
        "Su token aún no es vigente: revise la hora de este equipo y de quien lo emitió.",
    ),
    "TOKEN_MISSING": (
        ExitStatus.NOT_ACCEPTED,
        "El servidor pide un token y no llegó ninguno: indique --identity con su archivo .token.",
    ),
    "TOKEN_INVALID": (ExitStatus.NOT_ACCEPTED, f"El servidor no acepta su token: {_SIGN_IN}."),
    "TOKEN_NOT_BOUND": (
        ExitStatus.NOT_ACCEPTED,
        "Su token es de otro equipo: pida uno para el certificado de este.",
    ),
    "CERTIFICATE_UNKNOWN": (
        ExitStatus.NOT_ACCEPTED,
        "El servidor no conoce este equipo: su institución debe inscribirlo o darle otro certificado.",
    ),
    "REVOKED": (
        ExitStatus.NOT_ACCEPTED,
        "El equipo, el oficial o el token fue revocado: avise a su institución.",
    ),
    "TLS_TOO_OLD": (ExitStatus.NOT_ACCEPTED, "El servidor exige TLS 1.3: actualice este programa."),
    "FORBIDDEN": (
        ExitStatus.FORBIDDEN,
        "La política no permite esta consulta a su función con este motivo: "
        "elija otro --purpose, agregue --case si lo exige, o pida el permiso a su institución.",
    ),
    "DELEGATION_FORBIDDEN": (
        ExitStatus.FORBIDDEN,
        "Este certificado no puede preguntar en nombre de un oficial: use el del equipo del oficial.",
    ),
    "DOSSIER_DAMAGED": (ExitStatus.DAMAGED, "Expediente dañado: no se muestra. Avise a operaciones."),
    "AUDIT_UNAVAILABLE": (
        ExitStatus.NOT_RECORDED,
        f"La consulta no pudo quedar registrada, por eso no se responde: {_RETRY} y avise a operaciones.",
    ),
    "PART_UNAVAILABLE": (
        ExitStatus.BUSY,
        f"Esa parte del servidor aún no está lista; las consultas siguen funcionando: {_RETRY}.",
    ),
    "CONFIRMATION_NOT_FOUND": (
        ExitStatus.GONE,
        "Esa confirmación no existe, o no es de su institución: vea las pendientes.",
    ),
    "PAGE_TOKEN_INVALID": (ExitStatus.GONE, "Esa página no es de esta lista: empiece de nuevo, sin --page-token."),
    "GENERATION_GONE": (ExitStatus.GONE, "Los datos de esa página ya se renovaron: empiece de nuevo."),
    "SUBJECT_NOT_FOUND": (ExitStatus.GONE, "Ese sujeto ya no consta: pregunte de nuevo por su documento o placa."),
    "MESSAGE_TOO_LARGE": (ExitStatus.CALLER, "La consulta es demasiado larga: acórtela."),
    "METADATA_TOO_LARGE": (ExitStatus.CALLER, "El token es demasiado grande para este servidor: avise a operaciones."),
    "METHOD_UNKNOWN": (ExitStatus.OURS, "Este servidor no conoce esa consulta: actualícelo, o este programa."),
    "SIGN_IN_REFUSED": (
        ExitStatus.NOT_ACCEPTED,
        "No se pudo iniciar sesión: revise NIP y contraseña; si no los recuerda, su institución le da otros.",
    ),
    "SESSION_OVER": (ExitStatus.TOKEN_EXPIRED, "Su sesión terminó: inicie sesión de nuevo."),
    "PIN_EXPIRED": (ExitStatus.TOKEN_EXPIRED, "Su PIN o contraseña venció, o es provisional: cámbielo primero."),
    "INTERNAL": (ExitStatus.OURS, "Falla del servidor: avise a operaciones; su registro dice más."),
}

# By what stands in between; {target} is the address.
_TROUBLES: dict[Trouble, tuple[ExitStatus, str]] = {
    Trouble.NOT_REACHED: (
        ExitStatus.NO_SERVER,
        "No hay servidor en {target}: inícielo con `ronda serve` o indique otro con --server.",
    ),
    Trouble.ANOTHER_PROGRAM: (
        ExitStatus.NO_SERVER,
        "Lo que escucha en {target} no contestó como Ronda, puede ser otro programa: revise el puerto de --server; "
        "si es el de Ronda, reintente.",
    ),
    Trouble.SERVER_SPEAKS_TLS: (
        ExitStatus.PLAINTEXT_OR_TLS,
        "El servidor {target} exige TLS: indique --identity con el certificado de este equipo y el token del oficial.",
    ),
    Trouble.SERVER_SPEAKS_PLAINTEXT: (
        ExitStatus.PLAINTEXT_OR_TLS,
        "El servidor {target} no habla TLS (¿modo de desarrollo?): quite --identity, o indique otro con --server.",
    ),
    Trouble.CERTIFICATE_OF_ANOTHER_CA: (
        ExitStatus.SERVER_CERTIFICATE,
        "El certificado del servidor {target} no es de la autoridad de server-ca.pem: pida el archivo correcto a "
        "operaciones; no continúe si nadie lo explica.",
    ),
    Trouble.CERTIFICATE_OUT_OF_DATE: (
        ExitStatus.SERVER_CERTIFICATE,
        "El certificado del servidor {target} está vencido o aún no es vigente: avise a operaciones y revise la hora "
        "de este equipo.",
    ),
    Trouble.CERTIFICATE_OF_ANOTHER_NAME: (
        ExitStatus.SERVER_CERTIFICATE,
        "El certificado del servidor no es para {target}: escriba en --server el nombre que el certificado dice.",
    ),
    Trouble.IDENTITY_IS_NONE: (
        ExitStatus.FILES,
        "server-ca.pem, al lado de --identity, no es un certificado: pida el archivo de nuevo a operaciones.",
    ),
    Trouble.UNKNOWN: (
        ExitStatus.NOT_ACCEPTED,
        "El servidor {target} cortó la conexión: revise el certificado de --identity (vigencia, institución inscrita).",
    ),
}


def fail_call(
    failure: CallFailure, target: str, identity: Identity | None, as_json: bool, hints: list[str]
) -> NoReturn:
    """Says in Spanish why there is no answer and what to do, and ends with the status for it."""
    hints = hints if failure.status == "INVALID_ARGUMENT" else []
    status, said = _explained(failure, target, identity, hints)
    details: dict[str, Any] = {
        "status": failure.status,
        "reason": failure.reason,
        "violations": [{"field": v.field, "rule": v.rule} for v in failure.violations],
        "suggestions": hints,
    }
    fail(said, status, as_json, **details)


def _explained(
    failure: CallFailure, target: str, identity: Identity | None, hints: list[str]
) -> tuple[ExitStatus, str]:
    if failure.reason == "QUERY_TOO_BROAD":
        from clients.officer_view.candidates import too_broad_line

        return ExitStatus.CALLER, too_broad_line(failure)
    if failure.reason in REASONS:
        status, said = REASONS[failure.reason]
        seconds = failure.retry_after_seconds
        return status, said.replace("{seconds}", f" en {seconds:.1f} s" if seconds is not None else " más tarde")
    if failure.status == "INVALID_ARGUMENT":
        rules = [(v.field, spanish.RULES.get(v.rule, v.rule)) for v in failure.violations]
        broken = "; ".join(f"{spanish.FIELDS.get(field, field)}: {rule}" for field, rule in rules) or failure.message
        hint = f" ¿Quiso decir {', '.join(hints)}? (sin buscar: no se sabe si constan)" if hints else ""
        return ExitStatus.CALLER, f"Consulta no válida: {broken}.{hint}"
    if failure.status == "DEADLINE_EXCEEDED":
        return REASONS["DEADLINE_EXCEEDED"]
    if failure.status == "RESOURCE_EXHAUSTED":
        return ExitStatus.BUSY, f"Servidor ocupado: {_RETRY}."
    if failure.status == "UNIMPLEMENTED":  # Ronda itself gives a reason
        status, said = _TROUBLES[Trouble.ANOTHER_PROGRAM]
        return status, said.format(target=target)
    if failure.status == "UNAVAILABLE":
        return _unreachable(target, identity)
    return ExitStatus.OURS, f"La consulta no obtuvo respuesta ({failure.status} {failure.reason}): avise a operaciones."


def _unreachable(target: str, identity: Identity | None) -> tuple[ExitStatus, str]:
    status, said = _TROUBLES[diagnose(target, identity)]
    return status, said.format(target=target)


def missing_file(name: str) -> str:
    """That a file of the caller's identity cannot be read."""
    what = {".token": "el token del oficial", ".key": "la llave del equipo", ".pem": "el certificado"}
    kind = next((words for ending, words in what.items() if name.endswith(ending)), "el archivo")
    return (
        f"No se puede leer {kind} {name}: revise --identity (ruta sin terminación de .pem, .key y .token, "
        "con server-ca.pem al lado)."
    )
