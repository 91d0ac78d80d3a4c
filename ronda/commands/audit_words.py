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
    (r"keeper (\d+) begins with checkpoint (\d+), the log here with (\d+): what was altered before \2 was signed "
     r"cannot be told",
     r"el custodio \1 empieza en el punto de control \2, y aquí hay desde el \3: lo alterado antes de firmarse el \2 "
     "no se sabe"),
    (r"the log had checkpoint (\d+) confirmed, and the second keeper holds (\d+) at most: it lost what it held, or "
     r"this is an older copy of it",
     r"el custodio ya había confirmado el punto de control \1 y tiene hasta el \2: perdió lo que tenía (¿su disco está "
     "montado?), o esta es una copia anterior"),
    (r"it holds checkpoint (\d+) at most, and it took (\d+): it lost what it held",
     r"tiene hasta el punto de control \1 y ya había tomado el \2: perdió lo que tenía. Monte su disco; un custodio "
     "nuevo lleva otro nombre en audit_keeper"),
    (r"the witness lost what it took: its directory was emptied, or its disk is not mounted",
     "perdió lo que había tomado: su directorio se vació, o su disco no está montado"),
    (r"it is newer than the last one here: the log was rolled back",
     "es posterior al último de aquí: la auditoría está en un estado anterior"),
    (r"another one of that number is here", "aquí hay otro con ese número"),
    (r"seals were (removed|altered)", "seals no es el que se firmó"),
    (r"segment (\S+) is gone", r"falta el segmento \1"),
    (r"segment (\S+) has (\d+) records, not (\d+)", r"el segmento \1 tiene \2 registros, no \3"),
    (r"segment (\S+): record (\d+) is gone or altered", r"segmento \1: falta el registro \2, o se alteró"),
    (r"segment (\S+): a record before (\d+) was altered", r"segmento \1: se alteró un registro anterior al \2"),
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
    (r"no question at offset (\d+)", "ahí no hay una consulta"),
    (r"the header was altered", "se alteró el encabezado"),
    (r"the header cannot be read|the first record is no header|the header lacks a field", "el encabezado no se lee"),
    (r"there is no checkpoint yet", "aún no hay punto de control"),
    (r"segment (.+) has no record (\d+)", r"el segmento \1 no tiene el registro \2"),
    (r"no checkpoint binds segment (.+)", r"ningún punto de control abarca el segmento \1: reintente en un segundo"),
    (r"checkpoint (\d+) binds (\d+) records of segment (.+)",
     r"el punto de control \1 abarca \2 registros del segmento \3: reintente en un segundo"),
    (r"segment (.+): record (\d+) is wrong \((.+)\)", r"segmento \1: el registro \2 está mal (\3)"),
    (r"segment (.+) is sealed to another auditor's key", r"el segmento \1 está sellado para otro auditor"),
    (r"that checkpoint is newer than the last one here", "ese punto de control es más nuevo que el último de aquí"),
    (r"rolled back: key (\w+) signs from checkpoint (\d+) on, and the last one here is (\d+)",
     r"vuelta atrás: la llave \1 firma desde el punto de control \2, y el último de aquí es el \3"),
    (r"rolled back: (.+) accepted no restoration of checkpoints (\d+) to (\d+)",
     r"vuelta atrás: \1 no aceptó que se repuso de una copia y se perdieron los puntos de control \2 a \3"),
    (r"the restoration of checkpoints (\d+) to (\d+) was removed: (.+) holds it",
     r"se quitó que se repuso de una copia y se perdieron los puntos de control \1 a \2: lo tiene \3"),
    (r"it holds another restoration than the log", "tiene otra reposición que el registro"),
    (r"the restoration up to (\d+) keeps another (.+)", r"la reposición hasta el \1 conserva otro: \2"),
    (r"the restoration is not signed by key (\w+)", r"la reposición no la firmó la llave \1"),
    (r"the restoration up to (\d+) comes after one up to (\d+)",
     r"la reposición hasta el \1 viene después de una hasta el \2"),
    (r"the restoration keeps checkpoint (\d+), which is void",
     r"la reposición conserva el punto de control \1, que ya no vale"),
    (r"no restoration", "no es una reposición"),
    (r"the restoration of checkpoints (\d+) to (\d+) waits for a person at the second keeper: `(.+)`",
     r"la reposición (puntos de control \1 a \2) espera a una persona en el segundo custodio: `\3`"),
    (r"a person at the second keeper refused the restoration of checkpoints (\d+) to (\d+): where it is true, "
     r"`(.+)` declares it anew",
     r"una persona en el segundo custodio no aceptó la reposición (puntos de control \1 a \2): si es cierta, "
     r"`\3` la declara de nuevo"),
    (r"several restorations wait for a person at the second keeper", "esperan varias reposiciones en el custodio"),
    (r"checkpoint (\d+) is at the second keeper: the restoration knows none above (\d+)",
     r"el custodio tiene el punto de control \1: la reposición no conoce ninguno después del \2"),
    (r"checkpoint (\d+) is later at the second keeper than what the restoration loses",
     r"el punto de control \1 del custodio es posterior a lo que la reposición da por perdido"),
    (r"checkpoint (\d+) is another one at the second keeper", r"el punto de control \1 del custodio es otro"),
    (r"checkpoint (\d+) was lost when the log was put back from a copy: the log goes on from checkpoint (\d+)",
     r"el punto de control \1 se perdió al reponer la auditoría de una copia: ella sigue desde el \2"),
    (r"the log is not rolled back: there is nothing to declare",
     "la auditoría no está en un estado anterior: no hay nada que declarar"),
    (r"a running server signs this log, perhaps without having reached its keeper: stop it",
     "un servidor en marcha firma esta auditoría, quizá sin haber alcanzado a su custodio: deténgalo y repita"),
    (r"the log was signed by another key than this copy's \(.+\): put the file `keys` of the second keeper into (.+) "
     r"and name the newest private key in audit_signing_key",
     r"la llave de firma se cambió después de la copia. Pida al custodio su archivo `keys`, póngalo en \1, "
     r"indique la llave privada más nueva en audit_signing_key y repita"),
    (r"its directory is not there", "su directorio no está: móntelo, o cree el de un custodio nuevo"),
    (r"the witness did not answer: (.+)", r"no responde (\1): sin él no se declara nada"),
    (r"the witness is of an earlier release, which knows no restorations",
     "es de una versión anterior, que no conoce reposiciones: actualícelo primero"),
    (r"record (\d+) or one behind it was altered", r"se alteró el registro \1 o uno que le sigue"),
    (r"it holds another change of keys than the log", "tiene otro cambio de llave que el registro"),
    (r"the change to key (\w+) was removed: (.+) holds it", r"se quitó el cambio a la llave \1: lo tiene \2"),
    (r"the change to key (\w+) is not signed by key (\w+)", r"el cambio a la llave \1 no lo firmó la llave \2"),
    (r"the change to key (\w+) lies before the change to key (\w+)",
     r"el cambio a la llave \1 es anterior al cambio a la llave \2"),
    (r"a change of keys from checkpoint (\d+) on came after (\d+)",
     r"un cambio de llave desde el punto de control \1 llegó después del \2"),
    (r"no change of keys", "no es un cambio de llave"),
    (r"key (\w+) is none of this log: nobody named it \((.+)\)",
     r"la llave \1 no es de este registro: nadie la nombró (\2)"),
    (r"key (\w+) names a second key, (\w+): it named (\w+)",
     r"la llave \1 nombra una segunda, \2: ya nombró a \3"),
    (r"key (\w+) names key (\w+), and is none of this log: nobody named it",
     r"la llave \1 nombra a la \2, y no es de este registro: nadie la nombró"),
    (r"key (\w+) names key (\w+), which signed before it", r"la llave \1 nombra a la \2, que firmó antes que ella"),
    (r"key (\w+) signs nothing more: it was followed by key (\w+)",
     r"la llave \1 ya no firma nada: le siguió la \2"),
    (r"checkpoint (\d+) names key (\w+), which no key of this log named",
     r"el punto de control \1 nombra la llave \2, que ninguna llave de este registro nombró"),
    (r"checkpoint (\d+) names key (\w+): key (\w+) signs that number",
     r"el punto de control \1 nombra la llave \2: ese número lo firma la \3"),
    (r"(.+): the log is signed with another key, (\w+)", r"\1: el registro está firmado con otra llave, \2"),
    (r"(.+): a change to key (\w+) is not finished: name the file of that one",
     r"\1: el cambio a la llave \2 no ha terminado: indique el archivo de esa"),
    (r"(.+): signed this log before: make a new key", r"\1: ya firmó este registro: haga una llave nueva"),
    (r"(.+): is the key that signs", r"\1: es la llave que firma"),
    (r"the signature does not hold", "la firma no se sostiene"),
    (r"no checkpoint( of this key)?", "no es un punto de control de esta llave"),
    (r"a line that is none", "una línea que no lo es"),
    (r"(.+): no (.+) in PEM", r"\1: no es PEM con \2"),
    (r"(.+): another kind of key than (.+)", r"\1: otra clase de llave que \2"),
)  # fmt: skip
_PLACES = (
    (r"checkpoint (\d+) \(own\): ", r"punto de control \1, de aquí: "),
    (r"checkpoint (\d+) \(second keeper\): ", r"punto de control \1, del segundo custodio: "),
    (r"segment (\S+), record (\d+): (?=.)", r"segmento \1, registro \2: "),
    (r"segment (\S+): (?!record \d+ is wrong)(?=.)", r"segmento \1: "),
    (r"keeper (\d+): checkpoint \(text (\d+)\): ", r"custodio \1: punto de control (texto \2): "),
    (r"checkpoint \(text (\d+)\): ", r"punto de control (texto \1): "),
    (r"the log: ", "el registro: "),
    (r"the second keeper: ", "segundo custodio: "),
    (r"the witness refused: ", "no lo toma: "),
    (r"keeper (\d+): (?!checkpoint)", r"custodio \1: "),
)
# What a reader of segments finds wrong with a record, and who says otherwise, within a finding.
_WITHIN = (
    (r"\bkeeper (\d+): checkpoint (\d+)", r"el punto de control \2 del custodio \1"),
    (r"\bkeeper (\d+)\b", r"el custodio \1"),
    (r"\bcheckpoint (\d+)", r"el punto de control \1"),
    (r"\btruncated\b", "cortado"),
    (r"\bcheck\b", "su suma no cuadra"),
    (r"\bplace\b", "no es su lugar"),
    (r"\bform\b", "mal formado"),
    (r"\bremoved\b", "quitado"),
)


def finding_text(found: object) -> str:
    """Returns a finding of the audit's own code in Spanish; one without Spanish stays as it is."""
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
