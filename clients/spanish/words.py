"""The Spanish words of the contract's enums, as an officer reads them.

Levels are shown as colours and words together: a colour alone is lost on a grey screen or a colour-blind eye.
An enum value that this client does not know is never shown as clear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.v1 import (
    alert_pb2,
    check_service_pb2,
    clearance_service_pb2,
    level_pb2,
    person_pb2,
    register_pb2,
    section_pb2,
    value_pb2,
)

if TYPE_CHECKING:
    from ronda.v1.value_pb2 import PartialDate

# Of a hit that its institution was not asked about; what it said of others comes with them (docs/confirmation.md).
UNCONFIRMED = "sin confirmar: verifique"

LEVELS = {
    level_pb2.LEVEL_HIT: ("ROJO", "HAY ALERTA: actúe"),
    level_pb2.LEVEL_POSSIBLE: ("AMARILLO", "POSIBLE: confirme antes de actuar"),
    level_pb2.LEVEL_INCOMPLETE: ("GRIS", "INCOMPLETO: falta un registro, no es un visto bueno"),
    level_pb2.LEVEL_INSUFFICIENT: ("NEGRO", "INSUFICIENTE: la consulta no identifica con certeza"),
    level_pb2.LEVEL_CLEAR: ("VERDE", "SIN ALERTAS"),
    # Only a page of an older generation says none (docs/answers.md section 13).
    level_pb2.LEVEL_UNSPECIFIED: ("SIN NIVEL", "página de una carga anterior, no es un visto bueno: pregunte de nuevo"),
}
UNKNOWN_LEVEL = ("NEGRO", "NIVEL DESCONOCIDO: no es un visto bueno")

IDENTITY = {
    level_pb2.IDENTITY_STATUS_FOUND: "consta en el registro de identidad",
    level_pb2.IDENTITY_STATUS_NOT_FOUND: "no consta",
    level_pb2.IDENTITY_STATUS_CONFLICT: "contradictoria",
    level_pb2.IDENTITY_STATUS_DECEASED: "persona fallecida",
    level_pb2.IDENTITY_STATUS_MISUSED: "posible suplantación",
    level_pb2.IDENTITY_STATUS_UNVERIFIED: "no verificada",
}

CRITERIA = {
    level_pb2.CRITERION_CUI: "CUI",
    level_pb2.CRITERION_DOCUMENT: "documento",
    level_pb2.CRITERION_NIT: "NIT",
    level_pb2.CRITERION_LICENCE: "licencia",
    level_pb2.CRITERION_CEDULA: "cédula",
    level_pb2.CRITERION_NAMES: "nombres",
    level_pb2.CRITERION_PARENTS: "padres",
    level_pb2.CRITERION_BIRTH_DATE: "fecha de nacimiento",
    level_pb2.CRITERION_SEX: "sexo",
    level_pb2.CRITERION_TELEPHONE: "teléfono",
    level_pb2.CRITERION_PLATE: "placa",
    level_pb2.CRITERION_PLATE_UNTYPED: "placa sin tipo",
    level_pb2.CRITERION_VIN: "VIN o chasis",
    level_pb2.CRITERION_CHASSIS_TAIL: "final de chasis",
    level_pb2.CRITERION_ENGINE: "motor",
    level_pb2.CRITERION_MAKE: "marca",
    level_pb2.CRITERION_COLOUR: "color",
    level_pb2.CRITERION_MODEL_YEAR: "modelo",
    level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY: "documento sin país",
    level_pb2.CRITERION_DEPARTMENT: "departamento",
    level_pb2.CRITERION_VEHICLE_TYPE: "tipo de vehículo",
}

NARROWING = {
    "birth_date": "fecha o año de nacimiento",
    "department": "departamento de nacimiento",
    "sex": "sexo",
    "names": "otro nombre o apellido",
    "name": "otro nombre o apellido",
    "query": "otro nombre o apellido, o fecha o año de nacimiento",
}
# The rule of a question that is too broad for vehicles; that for persons ends with a number.
TOO_MANY_VEHICLES = "too many vehicles fit"

# Fields of a question, as the contract names them.
FIELDS = {
    "sequence": "número",
    "record_id": "id del registro (--record)",
    "resume_token": "lo que esta fuente tiene guardado de sus envíos",
    "query": "consulta",
    "country": "país",
    "cui": "CUI",
    "nit": "NIT",
    "cedula": "cédula",
    "document": "documento",
    "document.country": "país del documento",
    "document.number": "número del documento",
    "licence": "licencia",
    "handle": "manejo de la lista",
    "telephone": "teléfono",
    "name": "nombre",
    "names": "nombres",
    "name.full": "nombre",
    "name.first_given": "primer nombre",
    "name.second_given": "segundo nombre",
    "name.third_given": "tercer nombre",
    "name.first_surname": "primer apellido",
    "name.second_surname": "segundo apellido",
    "name.married_surname": "apellido de casada",
    "birth_date": "fecha de nacimiento",
    "birth_date.year": "año de nacimiento",
    "birth_date.month": "mes de nacimiento",
    "birth_date.day": "día de nacimiento",
    "birth_year_from": "primer año de nacimiento",
    "birth_year_to": "último año de nacimiento",
    "age_from": "edad mínima",
    "age_to": "edad máxima",
    "sex": "sexo",
    "subject_found": "cómo se halló a la persona",
    "father_name": "nombre del padre",
    "mother_name": "nombre de la madre",
    "department": "departamento",
    "municipality": "municipio",
    "plate": "placa",
    "plate_country": "país de la placa",
    "plate_pattern": "placa parcial",
    "vin": "VIN o chasis",
    "chassis_tail": "final de chasis",
    "engine": "motor",
    "number": "número de chasis o motor",
    "vehicle_type": "tipo de vehículo",
    "make": "marca",
    "colour": "color",
    "model_year": "modelo",
    "page_size": "resultados por página",
    "page_token": "página",
    "subject_id": "sujeto",
    "section": "sección",
    "context": "consulta",
    "context.purpose": "motivo",
    "context.case_number": "número de caso",
    "context.reason": "razón",
    "context.request_id": "id de la consulta",
    "context.asked_at": "hora de la consulta",
    "context.sections": "secciones",
    "by": "desglose (--by)",
    "rule": "regla (--rule)",
    "source": "fuente (--source)",
    "vintage": "conocido al (--vintage)",
    "rates": "tasas (--rates)",
    "change": "cambio (--change)",
    "offence": "delito",
    "filter.first_year": "año (--year)",
    "filter.last_year": "último año (--year)",
    "filter.month": "mes (--month)",
    "filter.department": "departamento (--department)",
    "filter.municipality": "municipio (--municipality)",
    "filter.offence": "delito (--offence)",
    "filter.sex": "sexo (--sex)",
    "filter.age_band": "edad (--age)",
    "filter.relation": "relación",
    "filter.mechanism": "mecanismo (--mechanism)",
    "filter.step": "paso",
}

# Rules that a field of a question breaks, as the server words them.
RULES = {
    "as this server gave it": (
        "es de otra fuente o de otro servidor; si el servidor cambió el nombre de la fuente, empiece con un estado "
        "nuevo después de un extracto completo"
    ),
    "length": "longitud incorrecta",
    "characters": "caracteres no permitidos",
    "names nobody": "no nombra a nadie: escriba el nombre, o deje el campo vacío",
    "checksum": "dígito verificador incorrecto",
    "department": "departamento inexistente",
    "municipality": "municipio inexistente",
    "format": "formato no reconocido",
    "year": "año imposible",
    "month": "mes imposible",
    "day": "día imposible",
    "too long": "demasiado largo",
    "control characters or characters of direction": "lleva caracteres de control: escriba letras y números",
    "four digits": "cuatro cifras",
    "1 to 22": "de 1 a 22",
    "0 to 150": "de 0 a 150",
    "1 to 100": "de 1 a 100",
    "above age_to": "mayor que la edad máxima",
    "after birth_year_to": "posterior al último año",
    "INE code of three or four digits": "código INE de tres o cuatro cifras",
    "32 hexadecimal digits": "32 cifras hexadecimales",
    "digits that are no birth date": "números que no son fecha de nacimiento: escríbala como 14/03/1988",
    "one thing at a time": "hay más de un dato: pregunte uno a la vez",
    "nothing was asked": "no se preguntó nada",
    "came together with a typed field": "no se combina con otros datos: dé cada uno en su opción, como --cui o --plate",
    "came together with an identifier": "no se combina con un documento: el manejo ya dice de quién se trata",
    "came together with a name in parts": "no se combina con el nombre por partes",
    "unknown purpose": "motivo desconocido",
    "unknown section": "sección desconocida",
    "unknown sex": "sexo desconocido",
    "unknown way": "modo de hallarla desconocido",
    "not of this kind of subject": "esa sección no es de personas o no es de vehículos",
    "this purpose needs a case number": "este motivo exige número de caso",
    "this purpose needs a reason": "este motivo exige una razón",
    "a UUID, as the server gave it": "no es un identificador de `ronda confirm list`",
    "was used for another question": "ya se usó para otra consulta",
    # Of figures (server/statistics).
    "a whole date": "una fecha entera",
    "unknown counting rule": "regla de conteo desconocida",
    "at most three dimensions": "a lo sumo tres dimensiones",
    "one dimension of time and one of place": "una sola dimensión de tiempo y una de lugar, ninguna dos veces",
    "unknown dimension": "dimensión desconocida",
    "the source does not have this dimension": "la fuente no trae esa dimensión",
    "a year, not after the last one": "un año, no posterior al último",
    "several years need a dimension of time": "varios años se piden por año, mes o semana: agregue --by year",
    "1 to 12, of one year, without a dimension of time": "de 1 a 12, de un solo año, sin dimensión de tiempo",
    "unknown source": "fuente desconocida: vea `ronda statistics sources`",
    "the source does not count this": "la fuente no cuenta eso",
    "no source counts this": "ninguna fuente cuenta eso",
    "unknown ICCS code": "código ICCS desconocido",
    "before the first delivery": "anterior a la primera entrega de la fuente",
    "not after today": "posterior a hoy",
    "unknown department": "departamento inexistente",
    "unknown municipality": "municipio inexistente",
    "of another department": "de otro departamento",
    "the place is held fixed already": "el lugar ya está fijo: no se desglosa por él",
    "zones are those of one municipality": "las zonas son de un municipio: indique --municipality",
    "unknown code": "código desconocido",
    "held fixed already": "ya está fijo: no se desglosa por él",
    "at most 20,000 combinations": "a lo sumo 20,000 combinaciones: pida menos dimensiones o menos años",
    "only by year or month and place": "las tasas van por año o mes y lugar: no hay población por sexo ni edad",
}

AGREEMENTS = {
    level_pb2.AGREEMENT_AGREES: "coincide",
    level_pb2.AGREEMENT_DISAGREES: "NO coincide",
    level_pb2.AGREEMENT_PARTLY: "coincide en lo que se sabe",
    level_pb2.AGREEMENT_NEAR: "se parece",
    level_pb2.AGREEMENT_UNKNOWN: "sin dato",
}

KINDS = {
    check_service_pb2.IDENTIFIER_KIND_CUI: "CUI",
    check_service_pb2.IDENTIFIER_KIND_NIT: "NIT",
    check_service_pb2.IDENTIFIER_KIND_CEDULA: "cédula",
    check_service_pb2.IDENTIFIER_KIND_DOCUMENT: "pasaporte o documento",
    check_service_pb2.IDENTIFIER_KIND_LICENCE: "licencia",
    check_service_pb2.IDENTIFIER_KIND_TELEPHONE: "teléfono",
    check_service_pb2.IDENTIFIER_KIND_PLATE: "placa",
    check_service_pb2.IDENTIFIER_KIND_VIN: "VIN o chasis",
    check_service_pb2.IDENTIFIER_KIND_CHASSIS_TAIL: "final de chasis",
    check_service_pb2.IDENTIFIER_KIND_ENGINE: "motor",
    check_service_pb2.IDENTIFIER_KIND_NAME: "nombre",
}

CAUTIONS = {
    level_pb2.CAUTION_FLAG_ARMED: "puede estar armado",
    level_pb2.CAUTION_FLAG_VIOLENT: "delito violento",
    level_pb2.CAUTION_FLAG_ESCAPE_RISK: "riesgo de fuga",
    level_pb2.CAUTION_FLAG_MINOR: "menor de edad: aplique Decreto 27-2003",
    level_pb2.CAUTION_FLAG_MISMATCH: "color o modelo no coincide con el registro",
    level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE: "los datos dados se contradicen",
    level_pb2.CAUTION_FLAG_HOMONYMS: "hay homónimos",
    level_pb2.CAUTION_FLAG_MISUSED_IDENTITY: "identidad suplantada: puede ser la víctima",
    level_pb2.CAUTION_FLAG_REISSUED_PLATE: "placa reasignada: otro vehículo la portó antes",
    level_pb2.CAUTION_FLAG_INVALID_IDENTIFIER_ON_FILE: "identificador inválido en el propio registro",
}

ALERTS = {
    alert_pb2.ALERT_KIND_WARRANT: "Orden de captura",
    alert_pb2.ALERT_KIND_TRAVEL_BAN: "Arraigo",
    alert_pb2.ALERT_KIND_PROTECTION_ORDER: "Medida de seguridad (agresor)",
    alert_pb2.ALERT_KIND_MISSING_PERSON: "Persona desaparecida",
    alert_pb2.ALERT_KIND_MISSING_CHILD: "Niñez desaparecida (Alba-Keneth)",
    alert_pb2.ALERT_KIND_ESCAPE: "Evasión",
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE: "Vehículo robado",
    alert_pb2.ALERT_KIND_STOLEN_PLATE: "Placa robada",
    alert_pb2.ALERT_KIND_STOLEN_ENGINE: "Motor robado",
    alert_pb2.ALERT_KIND_DOCUMENT: "Documento reportado",
    alert_pb2.ALERT_KIND_DISCREET: "Alerta discreta",
    alert_pb2.ALERT_KIND_OTHER: "Alerta",
    alert_pb2.ALERT_KIND_DAMAGED_RECORD: "Registro dañado",
}

STATES = {
    alert_pb2.ALERT_STATE_PENDING: "vigente",
    alert_pb2.ALERT_STATE_EXECUTED: "ejecutada",
    alert_pb2.ALERT_STATE_CANCELLED: "cancelada",
    alert_pb2.ALERT_STATE_SUSPENDED: "suspendida",
    alert_pb2.ALERT_STATE_LAPSED: "caducada",
}

SUBJECTS = {
    alert_pb2.HIT_SUBJECT_KIND_PERSON: "persona",
    alert_pb2.HIT_SUBJECT_KIND_VEHICLE: "vehículo",
    alert_pb2.HIT_SUBJECT_KIND_PLATE: "placa",
    alert_pb2.HIT_SUBJECT_KIND_OWNER: "propietario",
    alert_pb2.HIT_SUBJECT_KIND_CANDIDATE: "candidato",
}

REGISTER_STATES = {
    register_pb2.REGISTER_STATE_FRESH: "al día",
    register_pb2.REGISTER_STATE_STALE: "ATRASADO",
    register_pb2.REGISTER_STATE_MISSING: "AUSENTE",
    register_pb2.REGISTER_STATE_WITHHELD: "RESERVADO",
}

SEXES = {value_pb2.SEX_FEMALE: "femenino", value_pb2.SEX_MALE: "masculino"}

SUBJECT_KINDS = {
    person_pb2.SUBJECT_KIND_PERSON: "persona",
    person_pb2.SUBJECT_KIND_ORGANISATION: "organización",
    person_pb2.SUBJECT_KIND_UNIDENTIFIED: "sin identificar",
}

SECTIONS = {
    section_pb2.SECTION_IDENTITY: "identidad",
    section_pb2.SECTION_ADDRESS: "direcciones",
    section_pb2.SECTION_TELEPHONE: "teléfonos",
    section_pb2.SECTION_FAMILY: "familia",
    section_pb2.SECTION_WARRANT: "órdenes de captura",
    section_pb2.SECTION_TRAVEL_BAN: "arraigos",
    section_pb2.SECTION_PROTECTION_ORDER: "medidas de seguridad",
    section_pb2.SECTION_MISSING_PERSON: "desapariciones",
    section_pb2.SECTION_PRISON: "prisión",
    section_pb2.SECTION_DOCUMENT_ALERT: "documentos reportados",
    section_pb2.SECTION_DISCREET_ALERT: "alertas discretas",
    section_pb2.SECTION_DETENTION: "detenciones",
    section_pb2.SECTION_SENTENCE: "sentencias",
    section_pb2.SECTION_COMPLAINT: "denuncias y casos",
    section_pb2.SECTION_POLICE_RECORD: "antecedentes policiacos",
    section_pb2.SECTION_FINE: "remisiones",
    section_pb2.SECTION_BORDER_CROSSING: "movimientos migratorios",
    section_pb2.SECTION_LICENCE: "licencias",
    section_pb2.SECTION_FIREARM: "armas",
    section_pb2.SECTION_SECURITY_GUARD: "seguridad privada",
    section_pb2.SECTION_TAX: "registro tributario",
    section_pb2.SECTION_OWNED_VEHICLE: "vehículos",
    section_pb2.SECTION_OTHER_RECORD: "otros registros",
    section_pb2.SECTION_DAMAGED_RECORD: "registros dañados",
    section_pb2.SECTION_VEHICLE_REGISTRATION: "matrículas",
    section_pb2.SECTION_PLATE_ASSIGNMENT: "placas",
    section_pb2.SECTION_OWNER: "propietarios",
    section_pb2.SECTION_VEHICLE_ALERT: "robos y recuperaciones",
    section_pb2.SECTION_VEHICLE_FINE: "remisiones",
    section_pb2.SECTION_VEHICLE_OTHER_RECORD: "otros registros",
    section_pb2.SECTION_VEHICLE_DAMAGED_RECORD: "registros dañados",
}

CLEARANCE_RESULTS = {
    clearance_service_pb2.CLEARANCE_RESULT_NO_RECORD: "sin antecedentes",
    clearance_service_pb2.CLEARANCE_RESULT_WITH_RECORD: "con antecedentes",
    clearance_service_pb2.CLEARANCE_RESULT_REVIEW: "revisión",
    clearance_service_pb2.CLEARANCE_RESULT_INCOMPLETE: "incompleto",
    clearance_service_pb2.CLEARANCE_RESULT_INVALID: "dato inválido",
}


def level_words(level: int) -> tuple[str, str]:
    """(colour word, meaning) of a level; an unknown one is never clear."""
    return LEVELS.get(level, UNKNOWN_LEVEL)  # type: ignore[call-overload,no-any-return]


def date_text(date: PartialDate) -> str:
    """dd/mm/yyyy with ?? for unknown parts; "" when nothing is known."""
    if not (date.year or date.month or date.day):
        return ""
    day = f"{date.day:02d}" if date.day else "??"
    month = f"{date.month:02d}" if date.month else "??"
    return f"{day}/{month}/{date.year if date.year else '????'}"


def cui_text(cui: str) -> str:
    """A CUI as printed on the DPI: 0000 00000 0000."""
    return f"{cui[:4]} {cui[4:9]} {cui[9:]}" if len(cui) == 13 else cui


def name_text(name: value_pb2.PersonName) -> str:
    """Names and surnames in the order of a Guatemalan document."""
    parts = [name.first_given, name.second_given, name.third_given, name.first_surname, name.second_surname]
    whole = " ".join(part for part in parts if part)
    if name.married_surname:
        married = name.married_surname
        whole += f" {married}" if married.lower().startswith("de ") else f" de {married}"
    return whole.strip() or name.full
