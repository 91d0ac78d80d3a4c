"""`ronda statistics`: figures, as known on a day, with what they lack."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.spanish.system_errors import system_error_text
from clients.statistics import words
from clients.statistics.tables import Table, uncts
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import (
    HERE,
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ServerOption,
)
from ronda.commands.output import fail, message_json, print_json, print_renderables, say
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from clients.statistics.asking import FigureTable

statistics = typer.Typer(
    help="Cifras del país: según qué regla, conocidas a qué día, y qué les falta.",
    no_args_is_help=True,
)


def _rule(word: str) -> str:
    if word not in words.RULES:
        raise typer.BadParameter(f"escriba uno de {', '.join(words.RULES)}")
    return word


def read_month(text: str) -> str:
    """1 to 12 as a number or a name; empty where nothing was typed. Raises BadParameter."""
    if not text:
        return ""
    word = text.strip().casefold()
    found = [n for n, name in enumerate(words.MONTHS, 1) if word == name or (len(word) == 3 and name.startswith(word))]
    if word.isascii() and word.isdigit() and 1 <= int(word) <= 12:
        found = [int(word)]
    if not found:
        raise typer.BadParameter("escriba un mes, 1 a 12 o su nombre: 3, marzo")
    return str(found[0])


def read_department(text: str) -> str:
    """INE code of a code or a name. Raises BadParameter."""
    from clients.spanish.places import department_code

    if not text or _is_code(text):
        return text.strip().zfill(2) if text else ""
    code = department_code(text)
    if code is None:
        raise typer.BadParameter("no hay tal departamento: escriba su nombre, o su código INE de dos cifras")
    return f"{code:02}"


def read_municipality(text: str) -> str:
    """INE code of a code or of a name that one town bears. Raises BadParameter."""
    from clients.spanish.places import department_name, municipality_codes

    if not text or _is_code(text):
        return text.strip().zfill(4) if text else ""
    found = municipality_codes(text)
    if not found:
        raise typer.BadParameter("no hay tal municipio: escriba su nombre, o su código INE de cuatro cifras")
    if len(found) > 1:
        which = ", ".join(f"{code:04} ({department_name(code // 100)})" for code in found)
        raise typer.BadParameter(f"varios municipios se llaman así, escriba el código: {which}")
    return f"{found[0]:04}"


def _is_code(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit()


def read_sex(text: str) -> str:
    """F or M. Raises BadParameter."""
    word = text.strip().casefold()
    found = next((code for code, known in words.SEX_WORDS.items() if word in known), "")
    if word and not found:
        raise typer.BadParameter("escriba F (mujeres) o M (hombres)")
    return found


_VINTAGE_HELP = "Como se conocía ese día, aaaa-mm-dd; si no, hoy."
ByOption = Annotated[
    list[str] | None,
    typer.Option("--by", metavar="<dimensión>", help=f"Hasta tres, de: {', '.join(words.DIMENSIONS)}."),
]
YearOption = Annotated[
    str, typer.Option("--year", metavar="AAAA[-AAAA]", help="Año; años con --by year, month o week.")
]
VintageOption = Annotated[datetime.datetime | None, typer.Option("--vintage", formats=["%Y-%m-%d"], help=_VINTAGE_HELP)]
SourceOption = Annotated[str, typer.Option("--source", help="Fuente, de `ronda statistics sources`.")]


RuleOption = Annotated[
    str, typer.Option("--rule", metavar="<regla>", callback=_rule, help=f"Qué se cuenta: {', '.join(words.RULES)}.")
]
EveryOption = Annotated[bool, typer.Option("--every-offence", help="Cada delito de un hecho, no solo el más grave.")]
DepartmentOption = Annotated[
    str, typer.Option("--department", callback=read_department, help="Código INE, dos cifras, o su nombre.")
]
MunicipalityOption = Annotated[
    str, typer.Option("--municipality", callback=read_municipality, help="Código INE, cuatro cifras, o su nombre.")
]
MonthOption = Annotated[
    str, typer.Option("--month", metavar="1-12", callback=read_month, help="Mes del año, 1 a 12, o su nombre.")
]
SexOption = Annotated[str, typer.Option("--sex", callback=read_sex, help="F o M.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Archivo nuevo .csv, .xlsx, .parquet; sin terminación, paquete Frictionless."),
]


def read_by(typed: list[str] | None) -> list[int]:
    """Dimensions as typed, also with commas. Ends the command where there is none of that name."""
    found = []
    for word in (part.strip().lower() for text in typed or [] for part in text.split(",")):
        if word not in words.DIMENSIONS:
            raise typer.BadParameter(
                f"no hay dimensión «{word}»: lo más fino es el municipio y, dentro de uno, la zona. "
                f"Escriba {', '.join(words.DIMENSIONS)}",
                param_hint="--by",
            )
        found.append(words.DIMENSIONS[word][0])
    return found


def read_years(typed: str) -> tuple[int, int]:
    """First and last year."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", typed.strip())
    if match is None:
        raise typer.BadParameter("escriba un año, 2025, o dos, 2019-2025", param_hint="--year")
    return int(match[1]), int(match[2] or match[1])


def partial(day: datetime.datetime | None) -> Any:
    """A date as the contract has it."""
    from ronda.v1.value_pb2 import PartialDate

    return PartialDate(year=day.year, month=day.month, day=day.day) if day else None


def _topic(code: str, rule_word: str, shows: str) -> Callable[..., None]:
    """The command of a topic."""

    def ask(
        year: YearOption,
        by: ByOption = None,
        rule: RuleOption = rule_word,
        every_offence: EveryOption = False,
        month: MonthOption = "",
        department: DepartmentOption = "",
        municipality: MunicipalityOption = "",
        sex: SexOption = "",
        age: Annotated[str, typer.Option("--age", help="Grupo de edad, por ejemplo 15-17.")] = "",
        mechanism: Annotated[str, typer.Option("--mechanism", help="Código del mecanismo, por ejemplo FIREARM.")] = "",
        offence: Annotated[str, typer.Option("--offence", help="Otro código ICCS.")] = code,
        vintage: VintageOption = None,
        source: SourceOption = "",
        rates: Annotated[bool, typer.Option("--rates", help="También tasas por 100,000 habitantes.")] = False,
        change: Annotated[
            bool,
            typer.Option("--change", help="También el cambio: contra un año antes; por semana, contra su historia."),
        ] = False,
        out: OutOption = None,
        purpose: PurposeOption = PurposeWord.STATISTICS,
        case: CaseOption = "",
        server: ServerOption = HERE,
        identity: IdentityOption = "",
        deadline: DeadlineOption = 30.0,
        as_json: JsonOption = False,
    ) -> None:
        first, last = read_years(year)
        fixed = {
            "month": int(month or 0),
            "department": department,
            "municipality": municipality,
            "sex": sex,
            "age_band": age,
            "mechanism": mechanism.upper(),
        }
        table = Table(rule, read_by(by), offence, {"first_year": first, "last_year": last, **fixed}, every_offence)
        request = table.request(context(purpose, case), partial(vintage), source)
        request.rates, request.change = rates, change
        if out is not None:
            _check_out(out, as_json)
        found = _ask(server, identity, as_json, request, deadline)
        if out is not None:
            _write(found, out, as_json)
        elif as_json:
            _print_json(found)
        else:
            _show(found, shows)

    ask.__doc__ = f"{shows}\n\n\b\nEjemplo:\n  ronda statistics NAME --by department --year 2025\n"
    return ask


def _ask(server: str, identity: str, as_json: bool, request: Any, deadline: float) -> FigureTable:
    from clients.statistics.asking import ask_table

    table: FigureTable = call(server, identity, as_json, list, lambda c: ask_table(c, request, deadline))
    return table


def _check_out(out: Path, as_json: bool) -> None:
    from clients.statistics.exports import WRITERS, metadata_beside

    if out.suffix not in WRITERS:
        fail(f"{out}: termine en .csv, .xlsx o .parquet, o en nada: un paquete.", ExitStatus.CALLER, as_json)
    written = [out, metadata_beside(out)] if out.suffix == ".csv" else [out]
    for path in written:
        if os.path.lexists(path):
            fail(f"{path}: ya existe, y no se sobrescribe.", ExitStatus.CALLER, as_json)
    if not out.absolute().parent.is_dir():
        fail(f"{out}: no hay tal directorio.", ExitStatus.CALLER, as_json)


def _write(table: FigureTable, out: Path, as_json: bool) -> None:
    from clients.statistics.exports import WRITERS

    try:
        WRITERS[out.suffix](table, out)
    except OSError as error:
        fail(f"{out}: {system_error_text(error)}", ExitStatus.OURS, as_json)
    if as_json:
        print_json({"file": str(out), "cells": table.frame.cells, "hidden": table.frame.hidden})
    else:
        say(f"{out}: {table.frame.cells} celdas, {table.frame.hidden} ocultas")


def _print_json(table: FigureTable) -> None:
    from clients.statistics.exports import metadata, rows

    print_json({**metadata(table), "filas": rows(table)})


def _show(table: FigureTable, title: str) -> None:
    from clients.statistics.exports import metadata
    from clients.terminal.whole_table import WholeTable

    frame, said = table.frame, metadata(table)
    headings = [words.HEADINGS[dimension] for dimension in frame.by]
    rates = any(cell.population for cell in table.cells)
    changes = bool(frame.change_method)
    weekly = any(cell.HasField("expected") for cell in table.cells)
    against = (["se espera", "límites"] if weekly else ["un año antes", "z"]) if changes else []
    numbers = ["cifra", *(["tasa"] if rates else []), *against]
    shown = WholeTable(
        f"{title}\n{said['delito']}: {said['regla']}, {said['fuente']}",
        *headings,
        *numbers,
        *(["cambio"] if changes else []),
        "estado",
        right=numbers,
    )
    for cell in table.cells:
        texts = [f"{key.code} {key.text}" if key.code not in key.text else key.text for key in cell.keys]
        texts.append(f"{cell.value:,}" if cell.HasField("value") else words.HIDDEN)
        if rates:
            texts.append(f"{cell.rate:,.1f}" if cell.HasField("rate") else "")
        if changes:
            texts += [*_against(cell, weekly), words.CHANGES[cell.change]]
        shown.add(*texts, words.STATES[cell.state])
    lines = [
        f"Conocido al {said['conocido_al']}; última entrega {said['ultima_entrega']}; cuenta {said['cuenta']}; "
        f"cada unidad por {said['delitos']}.",
        f"{frame.cells} celdas, {frame.hidden} ocultas" + (f"; cambio probado en {frame.tested}." if changes else "."),
        *([frame.change_method] if changes else []),
        frame.disclosure,
        *frame.coverage,
        *(f"DEMO: {text}" for text in frame.demo),
    ]
    print_renderables(shown, *lines)


def _against(cell: Any, weekly: bool) -> list[str]:
    """Returns the figures that a cell is compared with."""
    if weekly:
        known = cell.HasField("expected")
        return [f"{cell.expected:,.0f}", f"{cell.low:,.0f} a {cell.high:,.0f}"] if known else ["", ""]
    before = f"{cell.before:,}" if cell.HasField("before") else words.HIDDEN
    return [before, f"{cell.z:+.1f}" if cell.HasField("z") else ""]


def _register() -> None:
    for name, (code, rule, shows) in words.TOPICS.items():
        command = _topic(code, rule, shows)
        command.__doc__ = (command.__doc__ or "").replace("NAME", name)
        statistics.command(name)(command)


_register()


@statistics.command("sources")
def sources(
    purpose: PurposeOption = PurposeWord.STATISTICS,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Las fuentes: entregas, lo tardío y corregido, archivos no usados, delitos que ningún mapa conoce.

    \b
    Ejemplo:
      ronda statistics sources
    """
    from clients.terminal.whole_table import WholeTable
    from ronda.v1 import statistics_service_pb2 as contract

    request = contract.ListSourcesRequest(context=context(purpose, case))
    found = call(server, identity, as_json, list, lambda c: c.statistics.ListSources(request, timeout=deadline))
    if as_json:
        message_json(found)
        return
    numbers = ("unidades", "tardías", "corregidas", "retiradas", "sin mapa", "filas rechazadas")
    table = WholeTable(
        f"Almacén {found.mart_id}", "fuente", "institución", "última entrega", *numbers, "", right=numbers
    )
    lines = []
    for each in found.sources:
        day = each.last_delivery
        hidden = (each.units, each.late, each.corrected, each.withdrawn, each.unmapped)
        counts = (*((number, False) for number in hidden), (each.refused, True))
        table.add(
            each.id,
            each.institution,
            f"{day.day:02}/{day.month:02}/{day.year}" if day.year else "nunca",
            *(f"{number:,}" if number or exact else words.HIDDEN for number, exact in counts),
            "GRIS: no entrega" if each.stale else "",
        )
        lines += [f"{each.id}: no se usó {file.text} ({file.code})" for file in each.refused_files]
        lines += [
            f"{each.id}: sin mapa: {text.text}, {text.code or words.HIDDEN} filas" for text in each.unmapped_texts
        ]
    print_renderables(table, *lines, *(f"DEMO: {text}" for text in found.demo))


@statistics.command("compare")
def compare(
    topic: Annotated[str, typer.Argument(metavar="TEMA", help=f"{', '.join(words.TOPICS)}, o un código ICCS.")],
    year: YearOption,
    vintage: VintageOption = None,
    purpose: PurposeOption = PurposeWord.STATISTICS,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = 30.0,
    as_json: JsonOption = False,
) -> None:
    """PNC, INACIF e INE lado a lado, y qué explica la diferencia.

    \b
    Ejemplo:
      ronda statistics compare homicides --year 2025
    """
    from ronda.v1 import statistics_service_pb2 as contract

    first, last = read_years(year)
    if first != last:
        raise typer.BadParameter("un solo año", param_hint="--year")
    code = words.TOPICS[topic][0] if topic in words.TOPICS else topic
    request = contract.CompareSourcesRequest(
        context=context(purpose, case), offence=code, year=first, vintage=partial(vintage)
    )
    found = call(server, identity, as_json, list, lambda c: c.statistics.CompareSources(request, timeout=deadline))
    if as_json:
        message_json(found)
        return
    from clients.terminal.whole_table import WholeTable

    table = WholeTable(
        f"{found.offence.code} {found.offence.text}, víctimas, {first}",
        "institución",
        "cifra",
        "estado",
        right=("cifra",),
    )
    lines = []
    for each in found.sources:
        value = f"{each.value:,}" if each.HasField("value") else words.HIDDEN if each.state else ""
        table.add(each.source.institution, value, words.STATES[each.state])
        lines += [f"{each.source.institution}: {reason}" for reason in each.reasons]
    print_renderables(table, *lines, found.disclosure, *(f"DEMO: {text}" for text in found.demo))


@statistics.command("uncts")
def uncts_tables(
    year: YearOption,
    vintage: VintageOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Directorio nuevo, un paquete por cuadro.")] = None,
    purpose: PurposeOption = PurposeWord.STATISTICS,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Los cuadros de la encuesta UN-CTS que las fuentes permiten, de un año.

    \b
    Ejemplo:
      ronda statistics uncts --year 2025 --out uncts-2025
    """
    first, last = read_years(year)
    if first != last:
        raise typer.BadParameter("un solo año", param_hint="--year")
    if out is not None:
        _check_out(out, as_json)
    found = {}
    for name, (title, table) in uncts(first).items():
        request = table.request(context(purpose, case), partial(vintage))
        found[name] = title, _ask(server, identity, as_json, request, deadline)
    if out is not None:
        try:
            out.mkdir()
        except OSError as error:
            fail(f"{out}: {system_error_text(error)}", ExitStatus.OURS, as_json)
        for name, (_, answer) in found.items():
            _write(answer, out / name, as_json=False)
    elif as_json:
        from clients.statistics.exports import metadata, rows

        print_json({name: {"titulo": title, **metadata(t), "filas": rows(t)} for name, (title, t) in found.items()})
    else:
        for title, answer in found.values():
            _show(answer, title)
