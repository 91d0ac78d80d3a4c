"""The kinds of incidents: offences as the police write them, with frequency, victims and means."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """An offence. yearly: events in the whole country; victims: share of events with one; female: of its victims."""

    text: str
    yearly: int
    victims: float
    female: float
    mechanisms: tuple[float, float, float, float, float]  # shares of MECHANISMS
    homicide: bool = False
    cases: float = 0.3  # share of events that become a prosecutor's case


MECHANISMS = ("ARMA DE FUEGO", "ARMA BLANCA", "OBJETO CONTUNDENTE", "ASFIXIA", "NO APLICA")

_SHOT = (0.80, 0.11, 0.05, 0.03, 0.01)
_BEATEN = (0.05, 0.15, 0.60, 0.02, 0.18)
_ARMED = (0.45, 0.20, 0.05, 0.0, 0.30)
_NONE = (0.0, 0.0, 0.0, 0.0, 1.0)

KINDS: tuple[Kind, ...] = (
    Kind("HOMICIDIO", 1900, 1.0, 0.10, _SHOT, homicide=True, cases=0.9),
    Kind("ASESINATO", 700, 1.0, 0.12, _SHOT, homicide=True, cases=0.9),
    Kind("FEMICIDIO", 160, 1.0, 1.0, (0.45, 0.25, 0.08, 0.20, 0.02), homicide=True, cases=1.0),
    Kind("PARRICIDIO", 30, 1.0, 0.4, (0.3, 0.4, 0.2, 0.1, 0.0), homicide=True, cases=1.0),
    Kind("HOMICIDIO CULPOSO", 900, 1.0, 0.18, _NONE, cases=0.6),
    Kind("LESIONES", 5000, 1.0, 0.35, _BEATEN),
    Kind("VIOLENCIA CONTRA LA MUJER", 12000, 1.0, 1.0, (0.01, 0.02, 0.22, 0.0, 0.75), cases=0.7),
    Kind("VIOLACIÓN", 3000, 1.0, 0.93, _NONE, cases=0.8),
    Kind("AMENAZAS", 4000, 1.0, 0.55, _NONE, cases=0.2),
    Kind("PLAGIO O SECUESTRO", 60, 1.0, 0.3, _ARMED, cases=1.0),
    Kind("EXTORSIÓN", 9000, 1.0, 0.35, _NONE, cases=0.5),
    Kind("ROBO", 6000, 1.0, 0.35, (0.0, 0.0, 0.2, 0.0, 0.8), cases=0.1),
    Kind("ROBO AGRAVADO", 5000, 1.0, 0.30, _ARMED, cases=0.2),
    Kind("HURTO", 7000, 1.0, 0.45, _NONE, cases=0.1),
    Kind("PORTACIÓN ILEGAL DE ARMAS DE FUEGO", 1500, 0.0, 0.0, (1.0, 0.0, 0.0, 0.0, 0.0), cases=0.9),
    Kind("POSESIÓN PARA EL CONSUMO", 2500, 0.0, 0.0, _NONE, cases=0.5),
    Kind("CASO ESPECIAL DE ESTAFA", 3000, 1.0, 0.5, _NONE, cases=0.4),
    # No map of Ronda knows it, on purpose: what is not mapped is counted and named.
    Kind("FALTA CONTRA EL ORNATO", 80, 0.0, 0.0, _NONE, cases=0.0),
)
EXTORTION = next(number for number, kind in enumerate(KINDS) if kind.text == "EXTORSIÓN")
RELATIONS = ("DESCONOCIDO", "CONVIVIENTE O EX", "FAMILIAR", "CONOCIDO", "SIN DATO")
RELATION_SHARES = (0.45, 0.15, 0.08, 0.17, 0.15)

CHANGE_DEPARTMENT = 1  # extortion doubles there
CHANGE_DAYS_AGO = 640
LATE_MUNICIPALITY = (9, 20)  # Coatepeque: its reports come weeks late
LATE_MEAN_DAYS = 60.0
OUTAGE_DEPARTMENT = 16  # Alta Verapaz: the police's register was down there
OUTAGE_DAYS_AGO = 200
OUTAGE_DAYS = 21
YEARS = 10
