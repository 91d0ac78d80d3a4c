"""The reasons for a call without answer, in Spanish: failure and remedy, by reason or by the obstacle in between."""

from __future__ import annotations

from clients.client.trouble import Trouble

_SIGN_IN = "pida otro token a su institución (inicie sesión de nuevo)"
_ANOTHER_PAIR = "pida certificado y llave de este equipo a su institución"
RETRY = "reintente en un momento"
HALF_AN_ANSWER = "La respuesta no llegó completa, y no cuenta: repita; si sigue, avise a operaciones."

# By the contract's ErrorReason; {seconds} is filled where the server named a time.
REASONS: dict[str, str] = {
    "NO_GENERATION": "El servidor aún no tiene datos: ejecute `ronda index` y espere la publicación.",
    "OVERLOADED": "Servidor ocupado: reintente{seconds}.",
    "LIMIT_EXCEEDED": "Su cuota de consultas se agotó: reintente{seconds}, o avise a su supervisor.",
    "TOO_MANY_PERSONS": (
        "Ya vio demasiadas personas distintas: se le muestran otras{seconds}; las de hoy puede verlas de nuevo. "
        "Si urge, pida la consulta por radio."
    ),
    "HANDLE_INVALID": "Esa lista ya venció: búsquela de nuevo y elija otra vez.",
    "DRAINING": f"El servidor se está apagando: {RETRY}.",
    "DEADLINE_EXCEEDED": "El servidor no respondió a tiempo: reintente, o espere más con --deadline.",
    "TOKEN_EXPIRED": f"Su token venció: {_SIGN_IN}.",
    "TOKEN_NOT_YET_VALID": "Su token aún no es vigente: revise la hora de este equipo y de quien lo emitió.",
    "TOKEN_MISSING": "El servidor pide un token y no llegó ninguno: indique --identity con su archivo .token.",
    "TOKEN_INVALID": f"El servidor no acepta su token: {_SIGN_IN}.",
    "TOKEN_NOT_BOUND": "Su token es de otro equipo: pida uno para el certificado de este.",
    "CERTIFICATE_UNKNOWN": (
        "El servidor no conoce este equipo: su institución debe inscribirlo o darle otro certificado."
    ),
    "REVOKED": "El equipo, el oficial o el token fue revocado: avise a su institución.",
    "TLS_TOO_OLD": "El servidor exige TLS 1.3: actualice este programa.",
    "FORBIDDEN": (
        "La política no permite esta consulta a su función con este motivo: "
        "elija otro --purpose, agregue --case si lo exige, o pida el permiso a su institución."
    ),
    "DELEGATION_FORBIDDEN": (
        "Este certificado no puede preguntar en nombre de un oficial: use el del equipo del oficial."
    ),
    "DOSSIER_DAMAGED": "Expediente dañado: no se muestra. Avise a operaciones.",
    "AUDIT_UNAVAILABLE": (
        f"La consulta no pudo quedar registrada, por eso no se responde: {RETRY} y avise a operaciones."
    ),
    "PAGE_TOKEN_INVALID": "Esa página no es de esta lista: empiece de nuevo, sin --page-token.",
    "GENERATION_GONE": "Los datos de esa página ya se renovaron: empiece de nuevo.",
    "SUBJECT_NOT_FOUND": "Ese sujeto ya no consta: pregunte de nuevo por su documento o placa.",
    "MESSAGE_TOO_LARGE": "La consulta es demasiado larga: acórtela.",
    "METADATA_TOO_LARGE": "El token es demasiado grande para este servidor: avise a operaciones.",
    "METHOD_UNKNOWN": "Este servidor no conoce esa consulta: actualícelo, o este programa.",
    "SIGN_IN_REFUSED": (
        "No se pudo iniciar sesión: revise NIP y contraseña; si no los recuerda, su institución le da otros."
    ),
    "SESSION_OVER": "Su sesión terminó: inicie sesión de nuevo.",
    "PIN_EXPIRED": "Su PIN o contraseña venció, o es provisional: cámbielo primero.",
    "PART_UNAVAILABLE": f"Esa parte del servidor aún no está lista; las consultas siguen funcionando: {RETRY}.",
    "CONFIRMATION_NOT_FOUND": "Esa confirmación no existe, o no es de su institución: vea las pendientes.",
    "FEED_SOURCE_UNKNOWN": "Su institución no tiene esa fuente de cambios: revise --source, o avise a operaciones.",
    "FEED_REGISTER_FOREIGN": "Esa fuente no puede cambiar ese registro: solo cambia los que el servidor le asigna.",
    "FEED_SEQUENCE_REUSED": (
        "Ese número ya se recibió con otro contenido: una corrección es un cambio nuevo, con su propio número."
    ),
    "FEED_SEQUENCE_RESET": (
        "La numeración empezó de nuevo, y no puede: si la fuente debe empezar de cero, pida una con otro nombre."
    ),
    "FEED_GAP_TOO_WIDE": "Faltan demasiados cambios antes de este: envíe primero los que faltan.",
    "FEED_EVENT_IN_FUTURE": "El hecho es posterior a la hora del servidor: revise la hora de ambos equipos.",
    "FEED_ROW_REFUSED": "La fila no da un registro: corrija el campo que se indica.",
    "FEED_CHANGE_TOO_LARGE": "El cambio es demasiado grande: revise la fila.",
    "FEED_LEDGER_DIFFERS": (
        "El servidor tiene otros cambios bajo los números que su institución ya envió (otra copia del libro): avise a "
        "operaciones, y envíe de nuevo desde el principio, o entregue un extracto completo."
    ),
    "FEED_NOT_KEPT": f"El servidor no tiene espacio y no recibió ningún cambio: avise a operaciones, {RETRY}.",
    "STATISTICS_UNAVAILABLE": "El servidor aún no tiene cifras: ejecute `ronda mart build`, o avise a operaciones.",
    "INTERNAL": "Falla del servidor: avise a operaciones; su registro dice más.",
}

# By what stands in between; {target} is the address.
TROUBLES: dict[Trouble, str] = {
    Trouble.NOT_REACHED: "No hay servidor en {target}: inícielo con `ronda serve` o indique otro con --server.",
    Trouble.ADDRESS_IS_NONE: "«{target}» no es una dirección: --server se escribe anfitrión:puerto.",
    Trouble.NAME_NOT_KNOWN: "No se conoce ningún equipo con el nombre de {target}: revise --server, y la red.",
    Trouble.NO_WAY: "El equipo de {target} no contesta: revise la red o la cobertura, y --server.",
    Trouble.ANOTHER_PROGRAM: (
        "Lo que escucha en {target} no contestó como Ronda, puede ser otro programa: revise el puerto de --server; "
        "si es el de Ronda, reintente."
    ),
    Trouble.SERVER_SPEAKS_TLS: (
        "El servidor {target} exige TLS: indique --identity con el certificado de este equipo y el token del oficial."
    ),
    Trouble.SERVER_SPEAKS_PLAINTEXT: (
        "El servidor {target} no habla TLS (¿modo de desarrollo?): quite --identity, o indique otro con --server."
    ),
    Trouble.CERTIFICATE_OF_ANOTHER_CA: (
        "El certificado del servidor {target} no es de la autoridad de server-ca.pem: pida el archivo correcto a "
        "operaciones; no continúe si nadie lo explica."
    ),
    Trouble.CERTIFICATE_OUT_OF_DATE: (
        "El certificado del servidor {target} está vencido o aún no es vigente: avise a operaciones y revise la hora "
        "de este equipo."
    ),
    Trouble.CERTIFICATE_OF_ANOTHER_NAME: (
        "El certificado del servidor no es para {target}: escriba en --server el nombre que el certificado dice."
    ),
    Trouble.IDENTITY_IS_NONE: (
        "server-ca.pem, al lado de --identity, no es un certificado: pida el archivo de nuevo a operaciones."
    ),
    Trouble.OWN_CERTIFICATE_IS_NONE: f"El archivo .pem de --identity no es un certificado: {_ANOTHER_PAIR}.",
    Trouble.OWN_KEY_IS_NONE: (
        f"El archivo .key de --identity no es una llave privada sin contraseña, en PEM: {_ANOTHER_PAIR}."
    ),
    Trouble.OWN_TOKEN_IS_NONE: (
        "El archivo .token de --identity no es un token: pida otro a su institución (inicie sesión de nuevo)."
    ),
    Trouble.OWN_FILES_EXCHANGED: (
        "Los archivos de --identity están cambiados: la llave está en el .pem, y el certificado en el .key."
    ),
    Trouble.OWN_KEY_OF_ANOTHER_CERTIFICATE: (
        f"La llave (.key) de --identity no es la de su certificado (.pem): {_ANOTHER_PAIR}."
    ),
    Trouble.OWN_CERTIFICATE_OUT_OF_DATE: (
        "El certificado de --identity venció, o aún no es vigente: pida otro a su institución, y revise la hora "
        "de este equipo."
    ),
    Trouble.OWN_CERTIFICATE_REFUSED: (
        "El servidor {target} no acepta el certificado de --identity: no es de una institución inscrita en él, o fue "
        "revocado. Pida otro a su institución; si otros equipos tampoco entran, reintente."
    ),
    Trouble.OWN_CERTIFICATE_YOUNG: (
        "El servidor {target} no acepta el certificado de --identity, que rige desde hace menos de un día: si el reloj "
        "del servidor va atrás, para él aún no es vigente. Avise a operaciones para que revisen su hora; si está bien, "
        "no es de una institución inscrita en él, o fue revocado."
    ),
    Trouble.UNKNOWN: (
        "El servidor {target} cortó la conexión sin decir por qué: reintente; si sigue, avise a operaciones."
    ),
}

# Of an issuer's forms: fields and rules of a NIP, a telephone, a PIN, a password.
SIGN_IN_FIELDS: dict[str, str] = {
    "nip": "NIP",
    "unit": "unidad",
    "role": "rol",
    "telephone": "número",
    "pin": "PIN",
    "password": "contraseña",
    "wanted": "nueva",
}
SIGN_IN_RULES: dict[str, str] = {
    "1 to 32 letters, digits, dots, hyphens or underscores": "de 1 a 32 letras, cifras, puntos o guiones",
    "1 to 64 letters, digits, dots, hyphens or underscores": "de 1 a 64 letras, cifras, puntos o guiones",
    "lower-case letters, digits and hyphens": "minúsculas, cifras y guiones",
    "1 to 16": "de 1 a 16",
    "+ and 8 to 15 digits": "internacional: + y de 8 a 15 cifras",
    "6 to 12 digits": "de 6 a 12 cifras",
    "8 to 128 characters": "de 8 a 128 caracteres",
    "too easy to guess: one pattern": "demasiado fácil: cifras seguidas o repetidas",
    "too easy to guess: of the NIP or number": "demasiado fácil: sale del NIP o del número",
    "the same as before": "es la misma de antes",
    "a password or a session, one of both": "falta",
}


def said_of_sign_in(field: str, rule: str) -> str:
    """A field of an issuer's form that breaks a rule."""
    return f"{SIGN_IN_FIELDS.get(field, field)}: {SIGN_IN_RULES.get(rule, rule)}"
