"""Words of the methods of audit records, as auditors read them: of services by their cards, of tools and the issuer."""

from __future__ import annotations

from server.parts import PARTS

METHODS = {
    **{method.name: method.spanish for part in PARTS for method in part.methods},
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
    "RESTORED": "declarar repuesta",
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
