"""The codes of a mart's dimensions, each with its Spanish text; places and offences have tables of their own.

Age bands are those of UN-CTS homicide tables (UNODC's questionnaire, as remembered: no source of it is here).
"""

from __future__ import annotations

UNKNOWN = ""  # stored as null; shown as "sin dato"
UNKNOWN_TEXT = "sin dato"
UNMAPPED = "99"  # no code of ICCS v1.0: a source's text that no map knows
TOWN_UNKNOWN = "00"  # the last two digits of a municipality that its department alone is known of
NOWHERE = "00"  # a department that is not known

SEXES = {"F": "mujeres", "M": "hombres"}
AGE_BANDS = {
    "0-9": 0,
    "10-14": 10,
    "15-17": 15,
    "18-19": 18,
    "20-24": 20,
    "25-29": 25,
    "30-44": 30,
    "45-59": 45,
    "60+": 60,
}
"""Band -> its first year of age."""
MECHANISMS = {
    "FIREARM": "arma de fuego",
    "SHARP": "arma blanca",
    "BLUNT": "objeto contundente",
    "ASPHYXIA": "asfixia",
    "OTHER": "otro medio",
    "NONE": "sin arma",
}
RELATIONS = {
    "PARTNER": "pareja o expareja",
    "FAMILY": "familiar",
    "KNOWN": "persona conocida",
    "STRANGER": "persona desconocida",
}
STEPS = {"COMPLAINT": "denuncia", "CHARGE": "acusación", "SENTENCE": "sentencia", "DISMISSAL": "desestimación"}
PURPOSES = {
    "TRAFFIC_STOP": "control vehicular",
    "INVESTIGATION": "investigación",
    "BORDER": "frontera",
    "WARRANT_SERVICE": "ejecución de órdenes",
    "VICTIM_PROTECTION": "protección de víctimas",
    "CLEARANCE": "constancias",
    "AUDIT": "auditoría",
    "TRAINING": "capacitación",
    "BREAK_GLASS": "acceso de emergencia",
}
METHODS = {
    "CHECK": "una casilla",
    "CHECK_PERSON": "persona",
    "CHECK_VEHICLE": "vehículo",
    "SEARCH_PERSONS": "búsqueda de personas",
    "SEARCH_VEHICLES": "búsqueda de vehículos",
    "OFFLINE_LOOK_UP": "lista sin conexión",
}
LEVELS = {
    "HIT": "ROJO",
    "POSSIBLE": "AMARILLO",
    "INCOMPLETE": "GRIS",
    "INSUFFICIENT": "NEGRO",
    "CLEAR": "VERDE",
    "REFUSED": "rechazada",
}
HITS = {
    "WARRANT": "orden de captura",
    "PRISON": "fuga",
    "MISSING_PERSON": "persona desaparecida",
    "PROTECTION_ORDER": "orden de protección",
    "TRAVEL_BAN": "arraigo",
    "VEHICLE_ALERT": "vehículo o placa",
    "DOCUMENT_ALERT": "documento",
    "NONE": "sin alerta",
}
"""The subject of a check's hit: of several the first of these. Discreet alerts are not among them."""
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)


def age_band(age: int) -> str:
    """The band of an age in years."""
    return [band for band, first in AGE_BANDS.items() if age >= first][-1]
