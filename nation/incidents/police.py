"""The police's files: events and victims, delivered monthly of late, in four forms over ten years."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nation import days
from nation.incidents.deliveries import Delivery, known_to_police, municipality_as_known, police_deliveries
from nation.incidents.happening import Happened
from nation.incidents.kinds import KINDS, MECHANISMS, RELATIONS
from nation.incidents.publishing import Cells, Ints, dates, excel_days, texts, write_csv, write_xlsx

_OFFENCES = tuple(kind.text for kind in KINDS)
_PLAIN = tuple(text.translate(str.maketrans("ÁÉÍÓÚ", "AEIOU")) for text in _OFFENCES)


def write_police(happened: Happened, out: Path) -> int:
    """`out`/pnc/hechos_* and victimas_*; returns how many rows in all."""
    as_of = days.date(happened.as_of)
    first_year = days.date(happened.first).year
    rows = 0
    for delivery in police_deliveries(as_of, first_year):
        known = known_to_police(happened, delivery)
        municipality = municipality_as_known(happened, known, delivery.day)
        form = _form(delivery.year - first_year)
        rows += len(known)
        _events(happened, known, municipality, out, delivery, form)
        rows += _victims(happened, known, municipality, out, delivery, form)
    return rows


def _form(year: int) -> str:
    """Returns the form of the files of the n-th year."""
    return "old" if year < 3 else "sheet" if year < 5 else "portal" if year < 8 else "open"


def _events(happened: Happened, known: Ints, municipality: Ints, out: Path, delivery: Delivery, form: str) -> None:
    event = {name: column[known] for name, column in happened.event.items()}
    second = [_OFFENCES[number] if number >= 0 else "" for number in event["second"].tolist()]
    numbers = [f"H{number:07}" for number in known.tolist()]
    hours = event["hour"].tolist()
    zones: Cells = [zone or "" for zone in event["zone"].tolist()]
    path = out / "pnc" / f"hechos_{delivery.year}_{delivery.day:%Y%m%d}"
    columns: dict[str, Cells]
    if form == "old":  # Latin-1; codes as numbers, so that their zeros are lost
        columns = {
            "NUM_HECHO": numbers,
            "FECHA": dates(event["day"], "%d/%m/%Y"),
            "HORA": [f"{hour}:00" for hour in hours],
            "COD_MUNI": [str(code) for code in municipality.tolist()],
            "ZONA": zones,
            "DELITO": texts(_OFFENCES, event["kind"]),
            "DELITO2": second,
            "ARMA": texts(MECHANISMS, event["mechanism"]),
            "SINDICADOS": event["suspects"].tolist(),
        }
        title = f"POLICIA NACIONAL CIVIL - HECHOS {delivery.year}"
        write_csv(path.with_suffix(".csv"), columns, delimiter=";", encoding="latin-1", title=title)
    elif form == "sheet":  # dates as a spreadsheet counts days, codes as numbers, other headers and order
        columns = {
            "No. de hecho": numbers,
            "Total sindicados": event["suspects"].tolist(),
            "Delito principal": texts(_PLAIN, event["kind"]),
            "Otro delito": [text.translate(str.maketrans("ÁÉÍÓÚ", "AEIOU")) for text in second],
            "Fecha del hecho": excel_days(event["day"]),
            "Hora": hours,
            "Departamento": (municipality // 100).tolist(),
            "Municipio": (municipality % 100).tolist(),
            "Zona": zones,
            "Arma": texts(MECHANISMS, event["mechanism"]),
        }
        title = f"Hechos delictivos {delivery.year}"
        write_xlsx(path.with_suffix(".xlsx"), columns, sheet="HECHOS", title=title)
    else:
        columns = {
            "correlativo": numbers,
            "anio": [delivery.year] * len(numbers),
            "codigo_municipio": [f"{code:04}" for code in municipality.tolist()],
            "fecha_hecho": dates(event["day"], "%Y-%m-%d"),
            "hora_hecho": hours,
            "zona": zones,
            "delito_1": texts(_OFFENCES, event["kind"]),
            "delito_2": second,
            "mecanismo": texts(MECHANISMS, event["mechanism"]),
            "num_sindicados": event["suspects"].tolist(),
        }
        write_csv(path.with_suffix(".csv"), columns, total=form == "portal", bom=form == "portal")


def _victims(happened: Happened, known: Ints, municipality: Ints, out: Path, delivery: Delivery, form: str) -> int:
    victim = happened.victim
    place = np.full(happened.events, -1, dtype=np.int64)
    place[known] = np.arange(len(known))
    mine = np.flatnonzero(place[victim["event"]] >= 0)
    # The police count who died at the scene; who died in hospital is not in their homicide file.
    homicide = np.array([kind.homicide for kind in KINDS])[happened.event["kind"][victim["event"][mine]]]
    mine = mine[~(homicide & (victim["hospital"][mine] == 1))]
    of = victim["event"][mine]
    rows = place[of]
    ages: Cells = [
        age if sure else "" for age, sure in zip(victim["age"][mine].tolist(), victim["age_known"][mine], strict=True)
    ]
    sexes = victim["female"][mine].tolist()
    ids = [f"H{e:07}-{o}" for e, o in zip(of.tolist(), victim["ordinal"][mine].tolist(), strict=True)]
    kinds, mechanisms = happened.event["kind"][of], happened.event["mechanism"][of]
    day, towns = happened.event["day"][of], municipality[rows]
    path = out / "pnc" / f"victimas_{delivery.year}_{delivery.day:%Y%m%d}.csv"
    columns: dict[str, Cells]
    if form in ("old", "sheet"):
        columns = {
            "NUM_VICTIMA": ids,
            "FECHA": dates(day, "%d/%m/%Y"),
            "COD_MUNI": [str(code) for code in towns.tolist()],
            "SEXO": ["M" if sex else "H" for sex in sexes],  # mujer, hombre
            "EDAD": ages,
            "DELITO": texts(_OFFENCES, kinds),
            "ARMA": texts(MECHANISMS, mechanisms),
            "RELACION": texts(RELATIONS, victim["relation"][mine]),
        }
        write_csv(path, columns, delimiter=";", encoding="latin-1", title=f"VICTIMAS {delivery.year}")
    else:
        columns = {
            "correlativo_victima": ids,
            "codigo_municipio": [f"{code:04}" for code in towns.tolist()],
            "relacion_con_agresor": texts(RELATIONS, victim["relation"][mine]),
            "sexo_victima": ["MUJER" if sex else "HOMBRE" for sex in sexes],
            "edad_victima": ages,
            "fecha_hecho": dates(day, "%Y-%m-%d"),
            "delito_1": texts(_OFFENCES, kinds),
            "mecanismo": texts(MECHANISMS, mechanisms),
        }
        write_csv(path, columns, total=form == "portal")
    return len(mine)
