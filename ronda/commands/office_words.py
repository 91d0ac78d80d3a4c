"""Spanish texts for auditors and habeas data offices: refusals, ways, callers.

tests/command/test_office_words.py reads the code that serves them, and fails on a sentence without its Spanish.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.audit.lacking import Lacking

# How somebody was seen, as server/notifications.py writes it.
WAYS = {
    "asked": "consultado",
    "owner": "propietario",
    "candidate": "candidato",
    "clearance": "constancia",
    "list": "listado",
    "suggested": "sugerido",
}
BEFORE = " antes de la alerta"
"""Suffix of a way: for a look reported to the owner when the alert was issued."""
# Nobody in particular, in the audit's words (server/trust/callers.py, server/audit/misuse.py).
WITHOUT_IDENTITY = {"development": "modo de desarrollo", "altered": "ALTERADO"}
_ACTIONS = {
    "ReadAudit": "leer la auditoría",
    "ExportSubject": "preparar una exportación",
    "ReleaseExport": "entregar una exportación",
    "IssueCertificate": "emitir constancias",
    "ReviewCertificate": "decidir casos de constancias",
    "RevokeCertificate": "revocar constancias",
}
_ANOTHER = "pida otro a su institución"
# server/trust/operator.py and officer_token.py, server/habeas_data/two_persons.py.
_REFUSALS = (
    (r"policy does not allow (\w+) to this officer", r"la política no permite a este oficial \1: pida el permiso"),
    (
        r"the token was made for another audience",
        "el token es para otro uso: aquí se pide uno de oficina (su audiencia termina en «-office»)",
    ),
    (r"authorization: a Bearer token is needed", f"el archivo de --token está vacío: {_ANOTHER}"),
    (
        r"the token is no signed JWT|the authorization is not a Bearer token",
        f"el archivo de --token no es un token firmado: {_ANOTHER}",
    ),
    (r"a token has at most (\d+) bytes", r"un token tiene \1 bytes a lo sumo"),
    (
        r"a token lives at most (\d+) seconds, and ends after it begins",
        rf"un token vive \1 segundos a lo sumo, y termina después de empezar: {_ANOTHER}",
    ),
    (r"the token must be signed with EdDSA \(Ed25519\)", "el token debe estar firmado con EdDSA (Ed25519)"),
    (r"no institution has that issuer", "ninguna institución inscrita emitió ese token"),
    (r"no key of the issuer made this signature", f"la firma del token no es de quien dice emitirlo: {_ANOTHER}"),
    (r"the claim (\w+) is missing or breaks its rule", rf"al token le falta «\1», o está mal: {_ANOTHER}"),
    (r"the token is not accepted", f"el token no se acepta: {_ANOTHER}"),
    (r"the token has expired", f"el token venció: {_ANOTHER}"),
    (r"the token is not valid yet", "el token aún no es vigente: revise la hora de este equipo y de quien lo emitió"),
    (r"the officer or her token was revoked", "el oficial o su token fue revocado: avise a su institución"),
    (r"in development mode there are no tokens: set trust", "en modo de desarrollo no hay tokens: quite --token"),
    (r"(.+): No such file or directory", r"No existe \1: revise lo que escribió."),
    (r"(.+): Permission denied", r"Este usuario no puede leer \1."),
    (r"(.+): Is a directory", r"\1 es un directorio, no un archivo."),
    (r"the file is no request", "el archivo no es una solicitud de `ronda subject export`"),
    (r"the file is no request of this version", "el archivo no es una solicitud de esta versión: prepárela de nuevo"),
    (r"a release needs a NIP", "para entregar hace falta un NIP"),
    (
        r"the audit log holds no such request: it was changed, or made elsewhere",
        "la auditoría no tiene esa solicitud: fue cambiada, o hecha en otra parte",
    ),
    (r"this request was released before", "esta solicitud ya fue entregada"),
    (
        r"whoever made the request cannot release it: another person must",
        "quien preparó la solicitud no puede entregarla: la entrega otra persona",
    ),
)


def refusal_text(refused: object) -> str:
    """Returns why an office's command is refused, in Spanish; a text without Spanish stays as it is."""
    text = str(refused)
    for pattern, said in _REFUSALS:
        if whole := re.fullmatch(pattern, text):
            return re.sub(r"\w+", lambda word: _ACTIONS.get(word[0], word[0]), whole.expand(said))
    return text


def lacking_text(lacking: Lacking) -> str:
    """Returns the text for a missing input or file."""
    from server.audit.lacking import What

    path = str(lacking.path)
    said = {
        What.KEY: "falta --key: la llave privada del auditor",
        What.DEVELOPMENT_KEY: no_log_yet(path),
        What.AUDIT_TOKEN: "falta --token: un token con el rol de auditoría",
        What.TOKEN: "falta --token",
        What.NIP: "falta --nip: quién lo pide (modo de desarrollo)",
        What.LOG: f"no hay registro de auditoría en {path}",
        What.DATA: f"{path}: no hay datos publicados",
        What.SUBJECT_KEY: f"{path}: hace falta la llave de sujetos, o use --subject",
        What.ONE_IDENTIFIER: "indique uno: --cui, --plate, --vin o --subject",
        What.SUBJECT_ID: "--subject: 32 dígitos hexadecimales",
        What.PUBLIC_KEY: "falta --public-key: la llave pública de los puntos de control, signing.pub; de donde Ronda "
        f"la busca si nadie la indica, {Path(path).parent}, no se halló",
        What.KEEPER: f"no hay un custodio en {path}",
        What.ANOTHER_KEEPER: f"{path} es de la misma auditoría: no es un segundo custodio",
        What.RECORD: "indique --record log/segmento/lugar (por ejemplo worker-0/2/17), --since o --check",
        What.TLS: "sin --tls-cert y --tls-key solo se acepta una dirección de este equipo",
    }
    return said[lacking.what]


def missing_text(name: str) -> str:
    """Returns the text for a named file that does not exist."""
    return f"No existe {name}: revise lo que escribió."


def no_log_yet(key: str) -> str:
    """Returns the text for development mode without its own key of the log: no server has run here."""
    return (
        f"Falta la llave del auditor: en producción indique --key. La de desarrollo ({key}) no está: aún no hay "
        "auditoría aquí, y `ronda serve` la empieza; o está en otra parte: indique --audit, o RONDA_CONFIG."
    )


def who_text(identity: Mapping[str, Any], shown: str) -> str:
    """Returns the caller's text: `shown`, except for a caller without identity."""
    nobody = identity.get("development") and identity.get("nip") in (None, "", "development")
    return WITHOUT_IDENTITY["development"] if nobody else WITHOUT_IDENTITY.get(shown, shown)
