"""The texts of a certificate, in Spanish: its title, its statement and limits; and the reasons for refusing one."""

from __future__ import annotations

from clients.certificate.asking import Standard

TITLES = {
    Standard.WANTED: "Constancia de carencia de órdenes vigentes",
    Standard.POLICE: "Constancia de carencia de antecedentes policiacos",
    Standard.CRIMINAL: "Constancia de carencia de antecedentes penales",
    Standard.RENAS: "Constancia de no figurar en el Registro Nacional de Agresores Sexuales",
}
_STATES = {
    Standard.WANTED: "no consta orden de captura, arraigo ni evasión vigentes",
    Standard.POLICE: "no consta antecedente policiaco que deba figurar en una constancia",
    Standard.CRIMINAL: "no consta sentencia condenatoria firme que deba figurar en una constancia",
    Standard.RENAS: "no consta inscripción que deba figurar en una constancia",
}
_READS = {
    Standard.WANTED: "las órdenes de captura, los arraigos y las evasiones pendientes",
    Standard.POLICE: "los registros policiacos, sin los cancelados por ley",
    Standard.CRIMINAL: "las sentencias firmes, sin las canceladas por ley",
    Standard.RENAS: "el Registro Nacional de Agresores Sexuales, sin las inscripciones canceladas por ley",
}
# A standard as a verifier reads it.
SHORT = {
    Standard.WANTED: "órdenes vigentes",
    Standard.POLICE: "antecedentes policiacos",
    Standard.CRIMINAL: "antecedentes penales",
    Standard.RENAS: "Registro Nacional de Agresores Sexuales",
}


def statement(standard: Standard) -> str:
    """Returns the certified statement."""
    return (
        f"A nombre de la persona identificada arriba, por su CUI, {_STATES[standard]} en los registros consultados "
        "que se indican abajo, a la fecha de cada uno."
    )


def limits(standard: Standard) -> tuple[str, ...]:
    """Returns the limits of the statement."""
    return (
        f"Se consultaron {_READS[standard]}, y nada más: no habla de otros registros ni de otros países.",
        "No dice nada de hechos que los registros recibieron después de la fecha que se indica para cada uno.",
        "No acredita buena conducta ni inocencia, ni sustituye la constancia que la ley reserva a otra institución.",
        "Quien la recibe debe comprobar que el nombre y el CUI son los del DPI de quien la presenta.",
    )


VERIFYING = (
    "Compruebe la firma de este documento, o el código QR, sin red; y en línea con el número, si sigue vigente: puede "
    "ser revocada. El código QR no lleva el nombre ni el CUI. Con la clave de página se comprueba que el código es de "
    "este CUI."
)
AFTER_REVIEW = "Emitida tras la revisión de una persona autorizada, caso {review}."

SAMPLE_WORD = "MUESTRA"
SAMPLE_TEXT = "MUESTRA: hecha con datos inventados, o por un servidor de desarrollo. No certifica nada de nadie."

# Why a review is opened, by reason; what to bring.
REVIEW_REASONS = {
    "NAME_MATCH": "consta un registro que coincide solo por nombre: puede ser un homónimo",
    "NOT_FOUND": "el CUI no consta en el registro de identidad",
    "DECEASED": "el CUI consta como de persona fallecida",
    "MISUSED": "el documento fue reportado como usado por otra persona",
    "CONFLICT": "los registros no concuerdan en de quién es el CUI",
    "REGISTER_NOT_FRESH": "falta un registro que la constancia exige, o no está al día",
    "UNCERTAIN_IDENTIFIER": "el CUI no identifica con certeza a una sola persona",
    "DOSSIER_DAMAGED": "el expediente guardado está dañado",
    "NOT_OF_AGE": "no consta que sea mayor de edad",
    "AGE_UNKNOWN": "el registro de identidad no dice la fecha de nacimiento completa",
    "NAME_UNKNOWN": "el registro de identidad no dice el nombre",
}
_OTHER_REASON = "el servidor pide que una persona lo revise"
_BRING_DPI = "el DPI, y certificación de nacimiento reciente de RENAP"
BRING = {
    "NAME_MATCH": "el DPI, certificación de nacimiento de RENAP con nombres de los padres, y si la tiene, la "
    "resolución que aclara la homonimia",
    "DECEASED": "certificación de RENAP: RENAP debe corregir antes su registro",
    "NOT_FOUND": "el DPI, y certificación de RENAP: RENAP debe corregir antes su registro",
    "AGE_UNKNOWN": "certificación de nacimiento: RENAP debe completar antes su registro",
    "NAME_UNKNOWN": "certificación de nacimiento: RENAP debe completar antes su registro",
    "MISUSED": "el DPI, y certificación de RENAP: antes debe aclararse el reporte de su documento",
    "CONFLICT": "el DPI, y certificación de RENAP: los registros deben corregirse antes",
    "REGISTER_NOT_FRESH": "nada: pida la constancia de nuevo cuando el registro esté al día",
    "DOSSIER_DAMAGED": "nada: operaciones debe reparar antes los datos",
    "NOT_OF_AGE": "certificación de nacimiento: RENAP debe completar antes su registro",
}
WITH_RECORD_TEXT = (
    "No se emite: constan registros de esta persona, por su CUI. Puede haber una orden por cumplir: siga el protocolo "
    "de su oficina antes de decírselo. Lo que le concierne lo puede pedir por habeas data."
)
MINOR_TEXT = (
    "No se emite: es menor de edad según el registro de identidad, y los datos de la niñez y adolescencia son "
    "reservados (Decreto 27-2003). No se consultó ningún otro registro."
)


def review_reason(reason: str) -> str:
    """Returns why no certificate is issued without a review."""
    return REVIEW_REASONS.get(reason, _OTHER_REASON)


def what_to_bring(reason: str) -> str:
    """Returns the documents that the person brings to the review."""
    return BRING.get(reason, _BRING_DPI)
