"""`ronda why`: why a record without an identifier is linked to a person, read from the generation on disk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ronda.commands.options import DataOption
from ronda.commands.output import EXIT_CALLER, fail, print_json, print_renderables


def why(
    person: Annotated[str, typer.Argument(metavar="PERSONA", help="CUI de la persona; '' = todas.")],
    record: Annotated[
        str,
        typer.Argument(metavar="REGISTRO", help="Número del registro, como lo escribe la institución; '' = todos."),
    ] = "",
    generation: Annotated[str, typer.Option(help="Generación; si no, la actual.")] = "",
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Las razones como JSON.")] = False,
) -> None:
    """Muestra por qué un registro está enlazado a una persona por su nombre: qué coincide, qué no, puntaje y regla.

    \b
    Ejemplo:
      ronda why 2357111360101 OC-01103-2025-900000
    """
    from core.identifiers.api import cui_digits
    from indexer.build.errors import BuildError
    from indexer.generations.link_reasons import link_reasons
    from ronda.settings import load_settings
    from server.settings import SettingsError

    cui, _ = cui_digits(person) if person else ("", True)
    if person and cui is None:
        fail("Escriba el CUI con sus 13 dígitos.", EXIT_CALLER, as_json, field="person")
    try:
        found = link_reasons(load_settings(data=data).data, cui or "", record, generation or None)
    except BuildError:
        fail("Ahí no hay una generación publicada, o no esa: revise --data y --generation.", EXIT_CALLER, as_json)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json)
    if as_json:
        print_json({"links": [_plain(asdict(reason)) for reason in found]})
        return
    if not found:
        print_renderables(
            "Ningún enlace por nombre entre esta persona y este registro: o la identifica el registro mismo (CUI, "
            "documento, NIT, licencia, cédula), o nada los une."
        )
        return
    for reason in found:
        print_renderables(*_lines(asdict(reason)))


def _plain(reason: dict[str, Any]) -> dict[str, Any]:
    from ronda.v1 import level_pb2

    reason["level"] = level_pb2.Level.Name(reason["level"]).removeprefix("LEVEL_")
    for key in ("agrees", "disagrees"):
        reason[key] = [level_pb2.Criterion.Name(c).removeprefix("CRITERION_") for c in reason[key]]
    return reason


def _lines(reason: dict[str, Any]) -> list[str]:
    from clients.spanish import words as spanish

    colour, meaning = spanish.level_words(reason["level"])
    agrees = [spanish.CRITERIA.get(c, f"criterio {c}") for c in reason["agrees"]]
    if reason["age_band"]:
        agrees.append("edad aproximada")
    disagrees = [spanish.CRITERIA.get(c, f"criterio {c}") for c in reason["disagrees"]]
    people = reason["people"]
    fits = "una persona" if people == 1 else f"{people} personas"
    score = "con otro número" if reason["score"] is None else f"puntaje {reason['score']:.4f}"
    return [
        f"{reason['register']} {reason['record_id']} → CUI {spanish.cui_text(reason['cui'])}: {colour} ({meaning})",
        f"  Coincide: {', '.join(agrees)}",
        f"  No coincide: {', '.join(disagrees) or 'nada'}",
        f"  Le queda a {fits} · {score} · regla {reason['rule']}",
    ]
