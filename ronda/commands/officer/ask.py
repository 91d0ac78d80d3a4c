"""`ronda check`, `ronda search`, `ronda registers`: questions to a server, answered in Spanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.options import (
    HERE,
    PATIENCE_S,
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
    SexOption,
    read_colour,
)
from ronda.commands.output import message_json, print_renderables
from ronda.commands.question import call, context, typed_well

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.timestamp_pb2 import Timestamp
    from rich.console import RenderableType

    from ronda.v1 import check_service_pb2


_NIT_LIKELY = 6  # characters: a shorter text is a number cut short sooner than a NIT with a slip in it


def _nits_meant(text: str) -> list[str]:
    """Valid NITs one slip away from one that is refused: worked out here, so nobody knows whether they are on file."""
    from core.identifiers.api import suggest
    from core.identifiers.kinds import IdentifierKind

    return suggest(IdentifierKind.NIT, text)[:5] if len(text) >= _NIT_LIKELY else []


def _subject(response: Any) -> Any:
    """The person or vehicle that an answer found; None where it found none, or several."""
    for kind in ("person", "vehicle"):
        if kind in type(response).DESCRIPTOR.fields_by_name and response.HasField(kind):
            return getattr(response, kind)
    return None


def _as_a_name(response: check_service_pb2.CheckPersonResponse) -> check_service_pb2.DetectedKind:
    """Returns the kind for words beside an option that were taken for a name; the command guesses this, not the
    server."""
    from ronda.v1 import check_service_pb2 as contract

    found = response.HasField("person") or bool(response.candidates)
    return contract.DetectedKind(kind=contract.IDENTIFIER_KIND_NAME, found=found)


def _subject_lines(subject: Any, answered_at: Timestamp) -> RenderableType:
    if subject.DESCRIPTOR.name == "Person":
        from clients.officer_view.person import person_lines

        return person_lines(subject)
    from clients.officer_view.ownership import day_of
    from clients.officer_view.vehicle import vehicle_lines

    return vehicle_lines(subject, day_of(answered_at))


def _show_check(response: Any, tried: Sequence[check_service_pb2.DetectedKind]) -> None:
    """tried: what the words were taken for."""
    from clients.officer_view.answer import answer_head, meant_line, nothing_found, registers_line, tried_line
    from clients.officer_view.candidates import candidates_table, choice_line, likeness_line, shared_plate_line
    from clients.officer_view.verdict import verdict_lines

    subject = _subject(response)
    of_candidates = bool(response.candidates) and subject is None
    parts: list[RenderableType] = [answer_head(response.answer, subject, of_candidates=of_candidates)]
    if tried:
        parts.append(tried_line(tried, response.answer))
    if subject is not None:
        parts.append(_subject_lines(subject, response.answer.answered_at))
    elif not response.candidates and not response.answer.notes:
        parts.append(nothing_found(response.answer))
    if response.candidates:
        parts.append(candidates_table(response.candidates, response.candidates_total))
        parts += filter(None, (choice_line(response.candidates),))
        parts += filter(None, (likeness_line(response.candidates), shared_plate_line(response.candidates)))
        if (unseen := response.candidates_total - len(response.candidates)) > 0:
            parts.append(f"Y {unseen} más, que aquí no caben: agregue datos, o véalos todos con `ronda search`.")
    if response.suggestions:
        parts.append(meant_line(response))
    print_renderables(*parts, registers_line(response.answer), last=verdict_lines(response.answer))


def _found(chosen: bool, compared: bool) -> int:
    from ronda.v1 import check_service_pb2 as contract

    if compared:
        return contract.SUBJECT_FOUND_DOCUMENT_COMPARED
    return contract.SUBJECT_FOUND_CHOSEN_BY_NAME if chosen else contract.SUBJECT_FOUND_UNSPECIFIED


def check(
    box: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONSULTA", help="CUI, NIT, cédula, pasaporte, teléfono, placa, VIN o nombre."),
    ] = None,
    cui: Annotated[str, typer.Option(help="CUI/DPI.")] = "",
    nit: Annotated[str, typer.Option(help="NIT.")] = "",
    cedula: Annotated[str, typer.Option(help="Cédula, por ejemplo 'A-1 123456'.")] = "",
    document: Annotated[
        str, typer.Option(help="Pasaporte o documento extranjero como PAÍS:NÚMERO, por ejemplo SLV:A123.")
    ] = "",
    licence: Annotated[str, typer.Option(help="Licencia de conducir.")] = "",
    telephone: Annotated[str, typer.Option(help="Teléfono.")] = "",
    handle: Annotated[str, typer.Option(help="Manejo de una persona de la lista de una búsqueda.")] = "",
    name: Annotated[str, typer.Option(help="Nombre completo, dicho o visto.")] = "",
    born: Annotated[str, typer.Option(help="Nacimiento: aaaa, mm/aaaa, dd/mm/aaaa o aaaa-mm-dd.")] = "",
    sex: SexOption = None,
    plate: Annotated[str, typer.Option(help="Placa.")] = "",
    country: Annotated[str, typer.Option(help="País de la placa o del documento, ISO alfa-3.")] = "",
    vin: Annotated[str, typer.Option(help="VIN o número de chasis.")] = "",
    chassis_tail: Annotated[str, typer.Option(help="Últimos 6 a 8 caracteres del chasis.")] = "",
    engine: Annotated[str, typer.Option(help="Número de motor.")] = "",
    make: Annotated[str, typer.Option(help="Marca vista.")] = "",
    colour: Annotated[str, typer.Option(callback=read_colour, help="Color visto, en español.")] = "",
    model_year: Annotated[int | None, typer.Option(min=1, max=9999, help="Modelo (año) visto.")] = None,
    chosen: Annotated[
        bool,
        typer.Option("--chosen", help="A la persona se la eligió de una lista por nombre: nadie dio su documento."),
    ] = False,
    compared: Annotated[
        bool, typer.Option("--compared", help="Elegida así, y ya se comparó su DPI; queda en la bitácora.")
    ] = False,
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Consulta una persona o un vehículo: un solo cuadro, o datos sueltos; las comillas no hacen falta.

    \b
    Ejemplos:
      ronda check 2357 11136 0101
      ronda check P-323ZZB
      ronda check Ramiro Zachrisson
      ronda check --name "Isabel Aycinena" --born 1988 --sex F
      ronda check --plate P-323ZZB --colour rojo
    """
    from clients.client.questions import check_question

    person = {
        "cui": cui,
        "nit": nit,
        "cedula": cedula,
        "document": document,
        "licence": licence,
        "telephone": telephone,
        "handle": handle,
        "name": name,
        "birth_date": born,
        "sex": sex,
    }
    vehicle = {
        "plate": plate,
        "plate_country": country,
        "vin": vin,
        "chassis_tail": chassis_tail,
        "engine": engine,
        "make": make,
        "colour": colour,
        "model_year": model_year,
    }
    frame = context(purpose, case, reason)
    with typed_well("Pregunte por una persona o por un vehículo, no por ambos a la vez.", as_json):
        question = check_question(frame, " ".join(box or []), person, vehicle, _found(chosen, compared))
    hints = (lambda: _nits_meant(nit)) if question.method == "CheckPerson" else list
    response = call(server, identity, as_json, hints, lambda c: question.ask(c, deadline))
    if as_json:
        message_json(response)
        return
    _show_check(response, list(response.detected) or ([_as_a_name(response)] if question.words_as_name else []))


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NOMBRES",
            help="Nombres y apellidos como se oyeron, en cualquier orden; puede seguir el año de nacimiento.",
        ),
    ] = None,
    born: Annotated[str, typer.Option(help="Fecha o año de nacimiento: aaaa, mm/aaaa, dd/mm/aaaa o aaaa-mm-dd.")] = "",
    age_from: Annotated[int, typer.Option(help="Edad mínima hoy, en años.", min=0, max=150, show_default=False)] = 0,
    age_to: Annotated[int | None, typer.Option(min=1, max=150, help="Edad máxima hoy, en años.")] = None,
    sex: SexOption = None,
    department: Annotated[
        int | None, typer.Option(min=1, max=22, help="Departamento de nacimiento, código INE de 1 a 22.")
    ] = None,
    municipality: Annotated[
        int | None, typer.Option(min=101, max=2299, help="Municipio de nacimiento, código INE: 101.")
    ] = None,
    father: Annotated[str, typer.Option(help="Nombre del padre.")] = "",
    mother: Annotated[str, typer.Option(help="Nombre de la madre.")] = "",
    vehicle: Annotated[
        str, typer.Option(help="Lo que se sabe de un vehículo, en cualquier orden: 'Toyota gris pickup P 32?...'.")
    ] = "",
    plate: Annotated[str, typer.Option(help="Placa parcial: ? es un carácter, * los que sean.")] = "",
    number: Annotated[str, typer.Option(help="VIN, chasis o motor, o sus últimos 6 a 8 caracteres.")] = "",
    vehicle_type: Annotated[str, typer.Option(help="Tipo de vehículo: pickup, moto.")] = "",
    make: Annotated[str, typer.Option(help="Marca.")] = "",
    colour: Annotated[str, typer.Option(callback=read_colour, help="Color, en español.")] = "",
    model_year: Annotated[int | None, typer.Option(min=1, max=9999, help="Modelo (año).")] = None,
    page_size: Annotated[int, typer.Option(help="Resultados por página, de 1 a 100.", min=1, max=100)] = 20,
    page_token: Annotated[str, typer.Option(help="Página siguiente, como la dijo la anterior.")] = "",
    purpose: PurposeOption = PurposeWord.INVESTIGATION,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Busca personas por nombre, o vehículos por placa parcial y lo que se vio; las comillas no hacen falta.

    \b
    Ejemplos:
      ronda search Chepe Ernandez Kej 1985
      ronda search aycinena beltranena --sex F --age-from 30
      ronda search --vehicle "Toyota gris pickup P 32?..."
    """
    from clients.client.questions import search_question
    from clients.officer_view.answer import answer_head, registers_line
    from clients.officer_view.candidates import candidates_table, choice_line, likeness_line, narrowing_line

    person = {
        "names": " ".join(words or []),
        "birth_date": born,
        "sex": sex,
        "department": department,
        "municipality": municipality,
        "age_from": age_from,
        "age_to": age_to,
        "father_name": father,
        "mother_name": mother,
    }
    vehicles = {
        "query": vehicle,
        "plate_pattern": plate,
        "number": number,
        "vehicle_type": vehicle_type,
        "make": make,
        "colour": colour,
        "model_year": model_year,
    }
    with typed_well("Busque personas o vehículos, no ambos a la vez.", as_json):
        question = search_question(context(purpose, case), person, vehicles, page_size, page_token)
    response = call(server, identity, as_json, list, lambda c: question.ask(c, deadline))
    if as_json:
        message_json(response)
        return
    parts: list[RenderableType] = [
        answer_head(response.answer),
        candidates_table(response.candidates, response.candidates_total),
    ]
    if choice := choice_line(response.candidates):
        parts.append(choice)
    if not response.candidates:
        parts.append("Nadie ni nada coincide con todo lo dado: quite un dato, o escriba menos de él.")
    if likeness := likeness_line(response.candidates):
        parts.append(likeness)
    if narrowing := narrowing_line(response) if hasattr(response, "narrow_by") else "":
        parts.append(narrowing)
    if response.next_page_token:
        parts.append(f"Más resultados: --page-token {response.next_page_token}")
    print_renderables(*parts, registers_line(response.answer))


def registers(
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Muestra los registros en que se basan las respuestas, y de cuándo son sus datos.

    \b
    Ejemplo:
      ronda registers --json
    """
    from clients.officer_view.registers import registers_table
    from ronda.v1 import register_service_pb2 as contract

    request = contract.ListRegistersRequest(context=context(purpose, case))
    response = call(server, identity, as_json, list, lambda c: c.registers.ListRegisters(request, timeout=deadline))
    if as_json:
        message_json(response)
        return
    print_renderables(registers_table(response))
