"""The files of the morgue (INACIF), the statistics institute (INE) and the prosecutor (MP)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nation import days
from nation.incidents.deliveries import Delivery, yearly_deliveries
from nation.incidents.happening import Happened
from nation.incidents.kinds import KINDS
from nation.incidents.publishing import Cells, Ints, dates, excel_days, texts, write_csv, write_xlsx
from nation.tables import departments

_CAUSES = ("HERIDA POR ARMA DE FUEGO", "HERIDA POR ARMA BLANCA", "TRAUMA CONTUSO", "ASFIXIA", "NO DETERMINADA")
_ICD = ("X95", "X99", "Y00", "X91", "Y09")  # assault by firearm, sharp object, blunt object, strangulation, unspecified
_UNDETERMINED = "Y34"
_HOMICIDE = np.array([kind.homicide for kind in KINDS])
_STEPS = ("DENUNCIA", "ACUSACION", "SENTENCIA")
_GROWTH = 1.015  # of the population a year, since the 2018 census


def write_others(happened: Happened, out: Path, seed: int) -> int:
    """`out`/inacif, ine and mp; returns how many rows."""
    rng = np.random.default_rng([seed, 18])
    as_of, first_year = days.date(happened.as_of), days.date(happened.first).year
    deaths = np.flatnonzero(_HOMICIDE[happened.event["kind"][happened.victim["event"]]])
    undetermined = rng.random(len(deaths)) < 0.05
    rows = 0
    for delivery in yearly_deliveries(as_of, first_year, 2):
        rows += _morgue(happened, deaths, undetermined, out, delivery)
    for delivery in yearly_deliveries(as_of, first_year, 9):
        rows += _institute(happened, deaths, undetermined, out, delivery)
    for delivery in yearly_deliveries(as_of, first_year, 3):
        rows += _prosecutor(happened, out, delivery, seed)
    _population(out, first_year, as_of.year)
    return rows


def _of_year(day: Ints, year: int, until: datetime.date) -> Any:
    first, after = (days.number(datetime.date(year + plus, 1, 1)) for plus in (0, 1))
    return (day >= first) & (day < min(after, days.number(until)))


def _morgue(happened: Happened, deaths: Ints, undetermined: Any, out: Path, delivery: Delivery) -> int:
    """Writes bodies, some with an undetermined manner of death: a workbook, dates as numbers."""
    victim, event = happened.victim, happened.event
    day = event["day"][victim["event"][deaths]]
    chosen = _of_year(day, delivery.year, delivery.day) & (victim["no_autopsy"][deaths] == 0)
    mine, of = deaths[chosen], victim["event"][deaths[chosen]]
    towns = event["municipality"][of]
    columns: dict[str, Cells] = {
        "Necropsia": [f"N{number:07}" for number in mine.tolist()],
        "Fecha de ingreso": excel_days(day[chosen]),
        "Cod. depto.": (towns // 100).tolist(),
        "Cod. municipio": (towns % 100).tolist(),
        "Sexo": ["FEMENINO" if sex else "MASCULINO" for sex in victim["female"][mine].tolist()],
        "Edad": victim["age"][mine].tolist(),
        "Causa": texts(_CAUSES, event["mechanism"][of]),
        "Manera": ["INDETERMINADA" if each else "HOMICIDA" for each in undetermined[chosen].tolist()],
    }
    path = out / "inacif" / f"necropsias_{delivery.year}_{delivery.day:%Y%m%d}.xlsx"
    write_xlsx(path, columns, sheet="Necropsias", title=f"INACIF: necropsias por hechos violentos, {delivery.year}")
    return len(mine)


def _institute(happened: Happened, deaths: Ints, undetermined: Any, out: Path, delivery: Delivery) -> int:
    """Deaths by the day on which they were registered, counted by town, month, sex and cause: JSON with a total."""
    victim, event = happened.victim, happened.event
    of = victim["event"][deaths]
    registered = event["day"][of] + victim["registered_after"][deaths]
    chosen = _of_year(registered, delivery.year, delivery.day)
    month = [days.date(number).month for number in registered[chosen].tolist()]
    cause = [
        _UNDETERMINED if unsure else _ICD[mechanism]
        for mechanism, unsure in zip(event["mechanism"][of[chosen]].tolist(), undetermined[chosen], strict=True)
    ]
    keys = zip(
        event["municipality"][of[chosen]].tolist(), month, victim["female"][deaths[chosen]].tolist(), cause, strict=True
    )
    counts: dict[tuple[Any, ...], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    rows: list[dict[str, Any]] = [
        {"mupreg": town, "anioreg": delivery.year, "mesreg": month, "sexo": 2 if sex else 1, "caudef": code, "casos": n}
        for (town, month, sex, code), n in sorted(counts.items())
    ]
    rows.append({"mupreg": "TOTAL", "casos": int(chosen.sum())})
    path = out / "ine" / f"defunciones_{delivery.year}_{delivery.day:%Y%m%d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"titulo": f"Defunciones por causas externas {delivery.year}", "registros": rows}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return len(rows) - 1


def _prosecutor(happened: Happened, out: Path, delivery: Delivery, seed: int) -> int:
    """Steps of cases, by the day of the step."""
    lines = list(_case_steps(happened, delivery, seed))
    rows = [np.concatenate(parts) for parts in zip(*lines, strict=True)]
    number, step, day = rows
    order = np.lexsort((number, day))
    number, step, day = number[order], step[order], day[order]
    columns: dict[str, Cells] = {
        "caso_paso": [f"MP{n:07}-{s}" for n, s in zip(number.tolist(), step.tolist(), strict=True)],
        "paso": texts(_STEPS, step),
        "fecha": dates(day, "%d/%m/%Y"),
        "municipio": [str(code) for code in happened.event["municipality"][number].tolist()],
        "delito": texts(tuple(kind.text for kind in KINDS), happened.event["kind"][number]),
    }
    write_csv(out / "mp" / f"casos_{delivery.year}_{delivery.day:%Y%m%d}.csv", columns, delimiter="|", total=False)
    return len(number)


def _case_steps(happened: Happened, delivery: Delivery, seed: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    rng = np.random.default_rng([seed, 19])
    event = happened.event
    share = np.array([kind.cases for kind in KINDS])[event["kind"]]
    going = np.flatnonzero(rng.random(happened.events) < share)
    day = event["reported"][going]
    for step, (goes_on, mean) in enumerate(((1.0, 5.0), (0.35, 150.0), (0.6, 300.0))):
        stays = rng.random(len(going)) < goes_on
        going, day = going[stays], day[stays] + rng.exponential(mean, int(stays.sum())).astype(np.int64)
        chosen = _of_year(day, delivery.year, delivery.day)
        yield going[chosen], np.full(int(chosen.sum()), step, dtype=np.int64), day[chosen]


def _population(out: Path, first_year: int, last_year: int) -> None:
    """Writes a population in the form of INE's projections, not theirs: the census of 2018, grown evenly, split among
    towns."""
    rng = np.random.default_rng(2018)
    rows: list[tuple[str, int, int]] = []
    for department in departments():
        towns = len(department.municipalities)
        weights = rng.gamma(3.0, 1.0, towns) + 0.3
        weights[0] += weights.sum() / 5
        for year in range(first_year, last_year + 1):
            grown = department.population * _GROWTH ** (year - 2018)
            rows += [
                (f"{department.ine:02}{town + 1:02}", year, round(grown * weight / weights.sum()))
                for town, weight in enumerate(weights)
            ]
    columns: dict[str, Cells] = dict(
        zip(("codigo_municipio", "anio", "poblacion"), zip(*rows, strict=True), strict=True)
    )
    write_csv(out / "ine" / "proyecciones.csv", columns, total=False)
