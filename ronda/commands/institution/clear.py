"""`ronda clear`: a clearance agency's file, judged row by row."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from clients.client.whole_file import read_whole
from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import HERE, CaseOption, IdentityOption, JsonOption, ServerOption
from ronda.commands.output import fail, print_json, print_renderables, say

if TYPE_CHECKING:
    from clients.agency.checkpoint import Progress as Passed
    from clients.agency.columns import Columns
    from clients.agency.engine import Engine
    from clients.agency.run import Wishes
    from clients.agency.source import Source


class EngineWord(StrEnum):
    """The engine that judges, as typed on the command line."""

    SERVER = "server"
    SPARK = "spark"


class StandardWord(StrEnum):
    """Standards as typed on the command line."""

    WANTED = "wanted"
    POLICE = "police"
    CRIMINAL = "criminal"
    RENAS = "renas"


# Of an EngineFailed: the exit status.
_KINDS = {"ours": "OURS", "files": "FILES", "gone": "GONE", "settings": "SETTINGS", "recorded": "NOT_RECORDED"}


def _standard(word: StandardWord) -> int:
    from ronda.v1 import clearance_service_pb2 as contract

    ending = {StandardWord.POLICE: "POLICE_RECORD", StandardWord.CRIMINAL: "CRIMINAL_RECORD"}
    return int(contract.ClearanceStandard.Value(f"CLEARANCE_STANDARD_{ending.get(word, word.name)}"))


def _read_part(text: str) -> str:
    number, slash, of = text.partition("/")
    if not slash or not number.isdecimal() or not of.isdecimal() or not 1 <= int(number) <= int(of) <= 10_000:
        raise typer.BadParameter("escriba K/N, por ejemplo 2/8")
    return text


def clear(
    file: Annotated[str, typer.Argument(metavar="ARCHIVO", help="CSV, XLSX, Parquet, JSON por líneas, o - (entrada).")],
    standard: Annotated[
        StandardWord,
        typer.Option(metavar="<norma>", help=f"Contra qué se consulta: {', '.join(StandardWord)}.", show_default=False),
    ],
    out: Annotated[str, typer.Option(help="Resultados: .csv, .xlsx, .parquet o .jsonl; lo demás queda al lado.")] = "",
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV con la marca de UTF-8 (BOM): Excel muestra bien tildes y eñes.")
    ] = False,
    columns: Annotated[
        str, typer.Option("--map", help="Columnas: cui=DPI,name=NOMBRES+APELLIDOS,born=3,plate=PLACA,vin=VIN.")
    ] = "",
    encoding: Annotated[
        str, typer.Option(help="Codificación del texto: utf-8, cp1252, utf-16 se detectan; cp850, mac_roman no.")
    ] = "",
    delimiter: Annotated[str, typer.Option(help="Delimitador del CSV, o tab; si no, se detecta.")] = "",
    header: Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="Si la primera línea es el encabezado; si no, se detecta."),
    ] = None,
    part: Annotated[str, typer.Option(callback=_read_part, help="Sólo la parte K de N; unidas dan el todo.")] = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Sigue la corrida interrumpida de ese --out.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Empieza de nuevo y reemplaza --out.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Dice qué se consultaría; no pregunta a nadie.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Acepta las columnas que se suponen, sin preguntar.")] = False,
    key: Annotated[
        Path | None, typer.Option(envvar="RONDA_AGENCY_KEY", help="Llave Ed25519 (PEM) que firma el resumen.")
    ] = None,
    patience: Annotated[float, typer.Option(help="Segundos sin respuesta tras los que se detiene.", min=1)] = 60.0,
    streams: Annotated[int, typer.Option(help="Conexiones a la vez.", min=1, max=32)] = 4,
    engine: Annotated[EngineWord, typer.Option(help="Quién consulta: el servidor, o Spark (docs/agency.md).")] = (
        EngineWord.SERVER
    ),
    master: Annotated[str, typer.Option(help="Con spark: su maestro, como spark://equipo:7077, yarn o local[2].")] = "",
    data: Annotated[Path | None, typer.Option(help="Con spark: directorio de datos, aquí y en cada ejecutor.")] = None,
    trust: Annotated[Path | None, typer.Option(help="Con spark: directorio de confianza en cada ejecutor.")] = None,
    spool: Annotated[
        Path | None, typer.Option(help="Con spark: dónde espera la auditoría en cada ejecutor; si no, <data>/spark.")
    ] = None,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    as_json: JsonOption = False,
) -> None:
    """Consulta un archivo entero de personas o vehículos contra una norma; se puede interrumpir y seguir.

    \b
    Ejemplos:
      ronda clear examples/agency.csv --standard wanted --out resultados.csv
      ronda clear lista.xlsx --standard police --map cui=DPI --dry-run
      ronda clear lista.csv --standard wanted --out resultados.csv --resume
      ronda clear lista.csv --standard wanted --engine spark --master yarn --identity lote --trust trust
    """
    gc.disable()  # while everything is imported: nothing of it is garbage
    from clients.agency.columns import named_columns
    from clients.agency.failures import AgencyError
    from clients.agency.outputs import Lock, Names
    from clients.agency.passing import Part
    from clients.agency.run import Wishes, prepare
    from clients.agency.source import open_source
    from ronda.commands.institution.clear_engine import spark_engine

    gc.enable()

    number, of = (int(word) for word in part.split("/"))
    with ExitStack() as held:
        try:
            names = Names.of(out or _default_out(file))
            if key is not None:
                from clients.agency.signing import load_key

                load_key(key)
            if (engine is EngineWord.SPARK) != bool(master):
                raise AgencyError("--engine spark y --master van juntos.")
            if not dry_run:  # before anything of another run is looked at or removed
                held.enter_context(Lock(names.lock))
            resuming = not dry_run and prepare(names, resume=resume, restart=restart)
            copy = names.beside("prueba.tmp") if dry_run else names.copy
            if dry_run:
                held.callback(copy.unlink, missing_ok=True)
            source = open_source(
                file, copy, encoding=encoding, delimiter=delimiter, header=header, named=named_columns(columns),
                keep_copy=resuming, check=_check_workbook,
            )  # fmt: skip
            if source.sheet and not as_json:
                say(f"Hoja: {source.sheet}", err=True)
            chosen = _columns(source, columns, standard, yes=yes, asks=not as_json)
            if dry_run:
                _try(source, chosen, as_json)
                return
        except AgencyError as error:
            fail(str(error), ExitStatus.CALLER, as_json)
        except KeyboardInterrupt:
            fail("Interrumpido antes de preguntar nada.", ExitStatus.INTERRUPTED, as_json)
        except OSError as error:
            fail(
                f"No se puede leer o escribir {error.filename}: {system_error_text(error)}.", ExitStatus.CALLER, as_json
            )
        with _said(server, "" if master else identity, as_json) as asked, ExitStack() as judges:
            judge: Engine = (
                judges.enter_context(
                    spark_engine(master, data=data, trust=trust, spool=spool, identity=identity, case=case)
                )
                if master
                else asked(case)
            )
            wishes = Wishes(
                source, chosen, _standard(standard), str(names.out), judge, Part(number, of), key, streams,
                patience_s=patience, marked=bom,
            )  # fmt: skip
            summary = _run(wishes, resume=resuming, shows=not as_json)
    _show(summary, names.out, as_json)


def _check_workbook(path: Path) -> None:
    """Raises AgencyError for an XLSX file that states more than it holds."""
    from clients.agency.failures import AgencyError
    from core.files.sheet_size import SheetTooLarge, check_size

    try:
        check_size(path)
    except SheetTooLarge:
        raise AgencyError(
            f"{path.name} ocupa más de lo que una lista ocupa (filas, columnas, o una celda enorme): deje en un libro "
            "nuevo solo la lista, y guárdelo como .xlsx o CSV."
        ) from None


def _default_out(file: str) -> str:
    return "resultados.csv" if file == "-" else f"{Path(file).stem}.resultados.csv"


def _columns(source: Source, text: str, standard: StandardWord, *, yes: bool, asks: bool) -> Columns:
    """Returns the columns of --map, or a guess that is sure or that the user confirms."""
    from clients.agency.columns import confirmed, guessed, mapped
    from clients.agency.failures import AgencyError
    from clients.agency.source import header_words

    if text:
        return mapped(source, text)
    guess = guessed(source, vehicles=standard is StandardWord.WANTED)
    told = ", ".join(f"{field}={name}" for field, name in guess.told(source).items())
    if asks and told:
        say(f"Columnas: {told}", err=True)
    sits_there = asks and sys.stdin.isatty() and sys.stderr.isatty()
    if not yes and sits_there and told and not _says_yes("¿Son ésas?"):
        raise AgencyError("Indique las columnas con --map, por ejemplo --map cui=DPI.")
    if not guess.sure and not yes and not (sits_there and told):
        suspected = f" (¿{told}?)" if told else ""
        raise AgencyError(
            f"No se sabe con seguridad qué columnas consultar{suspected}: indíquelas con --map, por ejemplo "
            f"--map cui=DPI. Columnas: {', '.join(header_words(source))}."
        )
    return confirmed(guess)


def _says_yes(question: str) -> bool:
    """Asks until it is a yes or a no, in Spanish."""
    while True:
        said = str(typer.prompt(f"{question} (s/n)", err=True)).strip().lower()
        if said in ("s", "sí", "si", "n", "no"):
            return said.startswith("s")


def _read_as(source: Source) -> str:
    if not source.encoding:
        return f"Formato {source.kind}"
    return f"Codificación {source.encoding}, delimitador «{source.delimiter}»".replace("\t", "tab")


def _try(source: Source, columns: Columns, as_json: bool) -> None:
    from clients.agency.trial import try_file

    trial = try_file(source, columns)
    told: dict[str, Any] = {
        "columnas": columns.told(source),
        "encabezado": source.heading,
        "hoja": source.sheet,
        "codificacion": source.encoding,
        "delimitador": source.delimiter,
        "filas": trial.rows,
        "filas_en_blanco": trial.blank,
        "no_validas": trial.invalid,
        "reglas": dict(trial.rules.most_common()),
        "primeras": trial.first,
    }
    if as_json:
        print_json(told)
        return
    print_renderables(
        f"Encabezado: {source.heading}",
        f"{_read_as(source)}; no se preguntó a nadie.",
        f"Filas: {trial.rows:,}; en blanco: {trial.blank:,}; no válidas: {trial.invalid:,}",
        *(f"{many:>12,}  {rule}" for rule, many in trial.rules.most_common()),
        *(f"  fila {number}: {rule}" for number, rule in trial.first.items()),
    )


@contextmanager
def _said(target: str, identity: str, as_json: bool) -> Iterator[Any]:
    """Reports the failures that end a run, in Spanish and with their exit status.

    Yields a function that makes the server of a case.
    """
    from clients.agency.failures import AgencyError, EngineFailed, GenerationGone, HalfAnswer
    from clients.agency.streams import Server
    from clients.client.failures import CallFailure
    from clients.client.identity import Identity
    from ronda.commands.failures import fail_of_files

    shown = Identity.beside(Path(identity)) if identity else None

    def asked(case: str) -> Server:
        if shown is not None:
            for path in (shown.token, shown.server_ca, shown.certificate, shown.key):
                if isinstance(path, Path):
                    read_whole(path)
            fail_of_files(shown, target, as_json)
        return Server(target, shown, case)

    def over(text: str, status: ExitStatus) -> NoReturn:
        fail(text, status, as_json)

    try:
        yield asked
    except CallFailure as failure:
        from ronda.commands.failures import fail_call

        say("Se detuvo; lo hecho queda guardado: siga con --resume.", err=True)
        fail_call(failure, target, shown, as_json, [])
    except GenerationGone:
        over("Los datos con que empezó esta corrida ya no se sirven: empiece de nuevo con --restart.", ExitStatus.GONE)
    except HalfAnswer:
        over("El servidor respondió a medias, varias veces: avise a operaciones; siga con --resume.", ExitStatus.OURS)
    except AgencyError as error:
        over(str(error), ExitStatus.CALLER)
    except EngineFailed as error:
        over(f"{error} Lo hecho queda guardado: siga con --resume.", ExitStatus[_KINDS[error.kind]])
    except KeyboardInterrupt:
        over("Interrumpido; lo hecho queda guardado: siga con --resume.", ExitStatus.INTERRUPTED)
    except OSError as error:
        if shown is not None and str(error.filename) in {str(path) for path in vars(shown).values()}:
            from ronda.commands.failures import missing_file

            over(missing_file(str(error.filename)), ExitStatus.FILES)
        where = error.filename or "los archivos de la corrida"
        over(f"No se puede leer o escribir {where}: {system_error_text(error)}.", ExitStatus.OURS)


def _run(wishes: Wishes, *, resume: bool, shows: bool) -> dict[str, Any]:
    """Runs with progress on a terminal: rate and time left."""
    from clients.agency.run import run

    gc.freeze()  # modules are no garbage: they are not looked through again and again
    if not (shows and sys.stderr.isatty()):
        return run(wishes, resume=resume, told=lambda _progress, _number: None)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from clients.terminal.told_console import ToldConsole

    console = ToldConsole(stderr=True)
    begin, end = wishes.part.bounds(wishes.source)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=14), TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} filas, {task.fields[rate]:,.0f}/s"), TimeRemainingColumn(),
        console=console,
    )  # fmt: skip
    with bar:
        task = bar.add_task("Consultando", total=max(1, end - begin), rows=0, rate=0.0)
        began: dict[int, int] = {}  # rows that each pass had at its first report: those of a run before

        def told(progress: Passed, number: int) -> None:
            if number not in began:
                began[number] = progress.rows
                bar.reset(task, description="Consultando" if number == 1 else "Con datos más nuevos")
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = (progress.rows - began[number]) / elapsed if elapsed else 0.0
            bar.update(task, completed=progress.offset - begin, rows=progress.rows, rate=rate)

        return run(wishes, resume=resume, told=told)


def _show(summary: dict[str, Any], out: Path, as_json: bool) -> NoReturn:
    from clients.agency.words import told
    from ronda.v1 import clearance_service_pb2 as contract

    invalid_name = contract.ClearanceResult.Name(contract.CLEARANCE_RESULT_INVALID).removeprefix("CLEARANCE_RESULT_")
    invalid = sum(many for code, many in summary["resultados"].items() if code.startswith(invalid_name))
    if as_json:
        print_json(summary)
    else:
        print_renderables(
            f"Filas: {summary['filas']:,}; generación {summary['generacion']}",
            *(f"{many:>12,}  {told(code)}" for code, many in summary["resultados"].items()),
            *(
                [f"Cambiaron al terminar: {summary['cambiadas']['filas']:,}"]
                if len(summary["generaciones"]) > 1
                else []
            ),
            f"Resultados: {out}; al lado: rechazos, homónimos, resumen y recibo"
            f" ({'firmado' if summary['firma'] else 'sin firma'})",
        )
    raise typer.Exit(int(ExitStatus.SOME_INVALID if invalid else ExitStatus.DONE))
