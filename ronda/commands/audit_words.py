"""The audit log's codes and findings as an auditor reads them; `--json` keeps the contract's codes and English."""

from __future__ import annotations

import re

from ronda.commands.office_words import refusal_text

PURPOSES = {
    "UNSPECIFIED": "no dicho",
    "TRAFFIC_STOP": "control vial",
    "INVESTIGATION": "investigación",
    "BORDER": "frontera",
    "WARRANT_SERVICE": "ejecutar orden",
    "VICTIM_PROTECTION": "proteger víctima",
    "CLEARANCE": "constancia",
    "AUDIT": "auditoría",
    "TRAINING": "capacitación",
    "BREAK_GLASS": "emergencia",
    "STATISTICS": "cifras",
}
METHODS = {
    "CHECK": "consultar",
    "CHECK_PERSON": "consultar persona",
    "CHECK_VEHICLE": "consultar vehículo",
    "SEARCH_PERSONS": "buscar personas",
    "SEARCH_VEHICLES": "buscar vehículos",
    "LIST_RECORDS": "listar registros",
    "LIST_REGISTERS": "listar fuentes",
    "GET_GENERATION": "ver generación",
    "CLEAR": "constancias",
    "SNAPSHOT": "bajar lista",
    "SYNC": "seguir lista",
    "GET_DEVICE_KEY": "pedir clave",
    "REPORT_LOOK_UPS": "entregar consultas",
    "OFFLINE_LOOK_UP": "consulta sin red",
    "REQUEST_CONFIRMATION": "pedir confirmación",
    "GET_CONFIRMATION": "ver confirmación",
    "WATCH_CONFIRMATION": "seguir confirmación",
    "LIST_PENDING_CONFIRMATIONS": "ver pendientes",
    "ANSWER_CONFIRMATION": "responder",
    "PUSH": "enviar cambios",
    "STATUS": "ver envíos",
    "SKIP_CHANGE": "saltar un cambio",
    "QUERY": "pedir cifras",
    "COMPARE_SOURCES": "comparar cifras",
    "LIST_SOURCES": "ver fuentes de cifras",
    "WATCH_SOURCES": "seguir fuentes",
    "SUBSCRIBE": "recibir avisos",
    "ACKNOWLEDGE": "acusar avisos",
    "LIST_AWAITED": "avisos por SMS que esperan",
    "VERIFY": "verificar auditoría",
    "TAIL": "ver las últimas",
    "WHO_ASKED": "ver quién preguntó",
    "ASKED_BY": "ver qué preguntó",
    "PROOF": "pedir prueba",
    "REPORT": "ver patrones",
    "SUBJECT_EXPORT": "exportar expediente",
    "CERTIFICATE_ISSUE": "emitir constancia",
    "CERTIFICATE_REVIEW": "revisar constancia",
    "CERTIFICATE_REVOKE": "revocar constancia",
    "REPLAY": "rehacer respuesta",
    "EXCHANGE": "canjear PIN",
    "EXCHANGE_RENEWED": "renovar por portal",
    "EXCHANGE_RECALL": "aviso por portal",
    "LOGIN": "iniciar sesión",
    "LOGIN_RENEWED": "renovar en equipo",
    "CHANGE_PIN": "cambiar PIN",
    "END_SESSION": "cerrar sesión",
    "ENROL_OFFICER": "inscribir oficial",
    "SET_NUMBER": "guardar número",
    "RESET_PIN": "dar PIN",
    "UNLOCK": "desbloquear",
    "REVOKE_OFFICER": "revocar oficial",
    "ROTATE_PEPPER": "rotar pimienta",
    "ACCEPT_RESTORED": "aceptar base",
}
OUTCOMES = {
    "OK": "respondida",
    "FIELD_INVALID": "dato no válido",
    "MESSAGE_MALFORMED": "mensaje mal formado",
    "QUESTION_EMPTY": "nada preguntado",
    "QUESTION_AMBIGUOUS": "pregunta ambigua",
    "PAGE_TOKEN_INVALID": "página no válida",
    "GENERATION_GONE": "datos ya renovados",
    "SUBJECT_NOT_FOUND": "sujeto no consta",
    "FORBIDDEN": "no permitida",
    "NO_GENERATION": "sin datos aún",
    "OVERLOADED": "servidor ocupado",
    "DOSSIER_DAMAGED": "expediente dañado",
    "DEADLINE_EXCEEDED": "fuera de tiempo",
    "INTERNAL": "falla del servidor",
    "DRAINING": "servidor en reinicio",
    "MESSAGE_TOO_LARGE": "mensaje muy grande",
    "QUERY_TOO_BROAD": "demasiado amplia",
    "METHOD_UNKNOWN": "consulta desconocida",
    "TLS_TOO_OLD": "TLS anticuado",
    "CERTIFICATE_UNKNOWN": "certificado desconocido",
    "TOKEN_MISSING": "sin token",
    "TOKEN_INVALID": "token no válido",
    "TOKEN_EXPIRED": "token vencido",
    "TOKEN_NOT_YET_VALID": "token aún no vigente",
    "TOKEN_NOT_BOUND": "token de otro equipo",
    "DELEGATION_FORBIDDEN": "delegación no permitida",
    "REVOKED": "acceso revocado",
    "LIMIT_EXCEEDED": "cuota agotada",
    "TOO_MANY_PERSONS": "demasiadas personas distintas",
    "HANDLE_INVALID": "manejo de una lista vencida o ajena",
    "METADATA_TOO_LARGE": "token muy grande",
    "AUDIT_UNAVAILABLE": "sin auditoría",
    "SIGN_IN_REFUSED": "acceso rechazado",
    "SESSION_OVER": "sesión terminada",
    "PIN_EXPIRED": "PIN por cambiar",
    "PART_UNAVAILABLE": "parte no lista",
    "CONFIRMATION_NOT_FOUND": "confirmación no consta",
    "FEED_SOURCE_UNKNOWN": "fuente desconocida",
    "FEED_REGISTER_FOREIGN": "registro ajeno",
    "FEED_SEQUENCE_REUSED": "número repetido",
    "FEED_SEQUENCE_RESET": "numeración reiniciada",
    "FEED_GAP_TOO_WIDE": "faltan cambios",
    "FEED_EVENT_IN_FUTURE": "hecho futuro",
    "FEED_ROW_REFUSED": "fila rechazada",
    "FEED_CHANGE_TOO_LARGE": "cambio muy grande",
    "FEED_NOT_KEPT": "cambio no guardado",
    "FEED_LEDGER_DIFFERS": "otro libro de cambios",
    "STATISTICS_UNAVAILABLE": "sin cifras",
}
RULES = {
    "enumeration": "números seguidos",
    "night": "uso de noche",
    "off-unit": "fuera de su unidad",
    "repeated": "repetida",
    "break-glass": "emergencia",
}
# What server/audit/ finds or cannot do, in its words.
_EMPTIED = r": whether the log was emptied or rolled back cannot be told"
_NOT_TOLD = ": que no se haya vaciado o regresado a un estado anterior. Compare con --keeper"
_FINDINGS = (
    (
        r"the clock stepped back from (.+) to (.+) UTC before checkpoint (\d+)",
        r"el reloj retrocedió de \1 a \2 UTC antes del punto de control \3",
    ),
    (rf"no second keeper was named{_EMPTIED}", f"sin segundo custodio no se sabe{_NOT_TOLD}"),
    (rf"a second keeper holds no checkpoint{_EMPTIED}", f"un custodio sin puntos de control no dice{_NOT_TOLD}"),
    (r"rolled back: the second keeper holds checkpoint (\d+), which is not here",
     r"vuelta atrás: el segundo custodio tiene el punto de control \1, que aquí falta"),
    (r"checkpoints were removed, repeated or reordered: checkpoint (\d+) follows (\d+)",
     r"se quitaron, repitieron o reordenaron puntos de control: el \1 sigue al \2"),
    (r"seals has (\d+) lines; (.+) says (\d+)", r"seals tiene \1 líneas; según \2 son \3"),
    (r"line (\d+) of seals cannot be read", r"la línea \1 de seals no se puede leer"),
    (r"a line of seals before line (\d+) was altered \((.+)\)", r"se alteró una línea de seals antes de la \1 (\2)"),
    (r"the segment is gone", "falta el segmento"),
    (r"it was dropped before its years were over", "se quitó antes de cumplir sus años"),
    (r"its index is not that of its records: remove it", "su índice no es el de sus registros: bórrelo"),
    (r"altered: records (\d+) to (-?\d+) are not those of (.+)",
     r"alterado: los registros \1 a \2 no son los que dice \3"),
    (r"removed: its seal says (\d+) records", r"quitado: según su sello son \1 registros"),
    (r"(\w+): (.+) says (\d+) records", r"\1: según \2 son \3 registros"),
    (r"its header is of (.+)", r"su encabezado es de \1"),
    (r"something was added behind its seal", "se agregó algo detrás de su sello"),
    (r"a record was altered: the root is not the seal's", "se alteró un registro: la raíz no es la del sello"),
    (r"the header cannot be read|the first record is no header|the header lacks a field", "el encabezado no se lee"),
    (r"there is no checkpoint yet", "aún no hay punto de control"),
    (r"no checkpoint binds segment (.+)", r"ningún punto de control abarca el segmento \1: reintente en un segundo"),
    (r"checkpoint (\d+) binds (\d+) records of segment (.+)",
     r"el punto de control \1 abarca \2 registros del segmento \3: reintente en un segundo"),
    (r"segment (.+): record (\d+) is wrong \((.+)\)", r"segmento \1: el registro \2 está mal (\3)"),
    (r"segment (.+) is sealed to another auditor's key", r"el segmento \1 está sellado para otro auditor"),
    (r"that checkpoint is newer than the last one here", "ese punto de control es más nuevo que el último de aquí"),
    (r"the signature does not hold", "la firma no se sostiene"),
    (r"no checkpoint( of this key)?", "no es un punto de control de esta llave"),
    (r"a line that is none", "una línea que no lo es"),
    (r"(.+): no (.+) in PEM", r"\1: no es PEM con \2"),
    (r"(.+): another kind of key than (.+)", r"\1: otra clase de llave que \2"),
)  # fmt: skip
_PLACES = (
    (r"segment (\S+), record (\d+): (?=.)", r"segmento \1, registro \2: "),
    (r"segment (\S+): (?!record)(?=.)", r"segmento \1: "),
    (r"keeper (\d+): checkpoint \(text (\d+)\): ", r"custodio \1: punto de control (texto \2): "),
    (r"checkpoint \(text (\d+)\): ", r"punto de control (texto \1): "),
)
# What a reader of segments finds wrong with a record, and who says otherwise, within a finding.
_WITHIN = (
    (r"\bkeeper (\d+): checkpoint (\d+)", r"el punto de control \2 del custodio \1"),
    (r"\bcheckpoint (\d+)", r"el punto de control \1"),
    (r"\btruncated\b", "cortado"),
    (r"\bcheck\b", "su suma no cuadra"),
    (r"\bplace\b", "no es su lugar"),
    (r"\bform\b", "mal formado"),
    (r"\bremoved\b", "quitado"),
)


def finding_text(found: object) -> str:
    """What the audit's own code says is wrong, in Spanish; what has no Spanish as it stands."""
    text = str(found)
    for pattern, said in _PLACES:
        if place := re.match(pattern, text):
            return place.expand(said) + finding_text(text[place.end() :])
    if wrong := re.fullmatch(r"wrong \((.+)\)", text):
        return f"mal ({_within(finding_text(wrong[1]))})"
    for pattern, said in _FINDINGS:
        if whole := re.fullmatch(pattern, text):
            return _within(whole.expand(said))
    return refusal_text(text)


def _within(text: str) -> str:
    for pattern, said in _WITHIN:
        text = re.sub(pattern, said, text)
    return text
