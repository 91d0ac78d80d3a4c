"""Short Spanish for 160 letters: what to do, what got no answer, how to ask. Without the accents that GSM-7 lacks."""

from __future__ import annotations

NO_ANSWER = "SIN RESPUESTA: no es verde, repita"
"""Begins every message that is no answer: what expired, failed or was refused."""
UNKNOWN_LEVEL = "NEGRO"
NOT_GREEN = "no es verde"
CONFIRM_PERSON = "verifique DPI"
CONFIRM_VEHICLE = "verifique placa y VIN"

# By the code of an action of the contract; the text of an unknown one is sent as it is.
ACTIONS = {
    "ARREST": "DETENER, confirme orden con juzgado",
    "DENY_EXIT": "no permitir salida del pais, avise a Migracion",
    "ENFORCE_ORDER": "no permitir acercamiento, haga cumplir la medida",
    "LOCATE": "verifique su estado, avise al MP",
    "PROTECT": "PROTEGER, active Alba-Keneth, avise a PGN",
    "RECAPTURE": "RECAPTURAR, avise al Sistema Penitenciario",
    "BRING_TO_JUDGE": "orden de juzgado de adolescentes: CONDUCIR ANTE JUEZ",
    "SEIZE_VEHICLE": "consignar vehiculo",
    "SEIZE_PLATE": "consignar placa",
    "SEIZE_ENGINE": "verifique motor",
    "RETAIN_DOCUMENT": "verifique identidad",
    "OBSERVE": "observe sin revelar",
    "CONSULT": "consulte a la institucion",
}
HARMLESS = ("CONSULT", "OBSERVE")
"""Actions that touch nobody: they need no confirmation first."""

SIGN_IN_FIRST = f"{NO_ANSWER} con su PIN delante. Ejemplo: 123456 V P123BCD. Sirve 10 minutos."
WRONG_PIN = f"{NO_ANSWER} con su PIN correcto. Varios fallos lo bloquean un tiempo. Si no lo envio usted, avise."
PIN_EXPIRED = f"{NO_ANSWER}. Su PIN vencio. Cambielo: CAMBIO pin-actual pin-nuevo (6 a 12 cifras)."
LOCKED_OUT = f"{NO_ANSWER} mas tarde. Demasiados intentos: PIN bloqueado un tiempo. Avise a su unidad si no fue usted."
PIN_BREAKS_A_RULE = "PIN NO CAMBIADO. El nuevo debe tener 6 a 12 cifras, no seguidas ni repetidas, y ser otro."
CHANGE_UNKNOWN = "NO SE SABE si su PIN cambio. Pruebe el nuevo: PIN nnnnnn. Si no sirve, use el de antes."
"""The issuer may have carried it out; no answer came."""
NOT_CHANGED = "PIN NO CAMBIADO: sirve el de antes. El sistema esta ocupado, repita mas tarde."
WRONG_PRESENT_PIN = (
    "PIN NO CAMBIADO: el PIN actual no es correcto. Varios fallos lo bloquean un tiempo. Si no lo envio usted, avise."
)
PIN_CHANGED = "PIN cambiado. Uselo desde ahora: PIN nnnnnn, o delante de su consulta."
SIGNED_IN = "PIN aceptado por 10 minutos. Consulte: P CUI, N nombre, V placa, C VIN, L licencia, CED A-1 123."
SIGNED_OFF = "Sesion cerrada. La proxima consulta pide su PIN."
NO_MORE = "NO HAY MAS PARTES de la respuesta"
"""Followed by that answer's number: the officer has had all of it."""
NOT_THAT_ONE = "NO HAY MAS PARTES de otra respuesta que la ultima. Para verla, repita su consulta."
RECALLED = f"{NO_ANSWER}: algo cambio desde la respuesta"
"""Followed by that answer's number: its parts say what is no longer so."""
NOT_UNDERSTOOD = (
    "NO ENTENDIDO, no es verde. Escriba P CUI, N nombre apellido, V placa, C VIN, L licencia, CED A-1 123 o MAS. "
    "Primero: PIN nnnnnn."
)
TOO_LONG = f"{NO_ANSWER} en un mensaje corto: una sola consulta de 200 letras a lo mas."
NOT_DELIVERED = "NO SE ENTREGO la respuesta: repita su mensaje de las"
NONE_DELIVERED = "NO SE ENTREGARON varias respuestas: repita sus mensajes, hasta el de las"
"""Texts followed by the time of the last one."""

UNPROVEN = (NO_ANSWER, CHANGE_UNKNOWN, NOT_CHANGED, WRONG_PRESENT_PIN)
"""Beginnings of what a number that never gave a right PIN does not hear."""
TO_BE_REPEATED = (NO_ANSWER, CHANGE_UNKNOWN, NOT_CHANGED, WRONG_PRESENT_PIN, PIN_BREAKS_A_RULE, SIGNED_IN)
"""Replies after which the same text again is no duplicate."""
STAYS_TRUE = (PIN_CHANGED, PIN_BREAKS_A_RULE, CHANGE_UNKNOWN, NOT_CHANGED, WRONG_PRESENT_PIN)
"""Sent as they are, however long they waited; an answer about somebody is not."""

# Why a call got no answer, by the contract's reason, behind NO_ANSWER.
REASONS = {
    "LIMIT_EXCEEDED": "Alcanzo su limite de consultas",
    "TOO_MANY_PERSONS": "Ya vio demasiadas personas: pida por radio",
    "FORBIDDEN": "Su rol no lo permite por SMS",
    "DELEGATION_FORBIDDEN": "Su rol no lo permite por SMS",
    "REVOKED": "Su acceso fue retirado",
    "NO_GENERATION": "Aun no hay datos",
    "QUERY_TOO_BROAD": "Muchas personas: agregue otro nombre o el ano",
    "DOSSIER_DAMAGED": "Expediente danado: consulte a la central",
    "FIELD_INVALID": "Revise el dato",
    "QUESTION_EMPTY": "Revise el dato",
}
WHY_UNKNOWN = ""
