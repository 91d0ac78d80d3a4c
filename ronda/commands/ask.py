"""`ronda check`, `ronda search`, `ronda registers`: questions to a server, answered in Spanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, message_json, print_renderables
from ronda.commands.question import (
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
    SexOption,
    call,
    context,
    read_birth,
    read_colour,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.timestamp_pb2 import Timestamp
    from rich.console import RenderableType

    from ronda.v1 import check_service_pb2, value_pb2


_NIT_LIKELY = 6  # characters: a shorter text is a number cut short sooner than a NIT with a slip in it


def _document(text: str) -> value_pb2.ForeignDocument:
    from ronda.v1.value_pb2 import ForeignDocument

    country, colon, number = text.partition(":")
    return ForeignDocument(country=country.upper(), number=number) if colon else ForeignDocument(number=text)


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
    """That words beside an option were taken for a name: the command guesses that, so the server does not tell."""
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
    from clients.officer_view.candidates import candidates_table, likeness_line, shared_plate_line

    subject = _subject(response)
    of_candidates = bool(response.candidates) and subject is None
    parts: list[RenderableType] = [answer_head(response.answer, subject, of_candidates=of_candidates)]
    if tried:
        parts.append(tried_line(tried))
    if subject is not None:
        parts.append(_subject_lines(subject, response.answer.answered_at))
    elif not response.candidates and not response.answer.notes:
        parts.append(nothing_found(response.answer))
    if response.candidates:
        parts.append(candidates_table(response.candidates, response.candidates_total))
        parts += filter(None, (likeness_line(response.candidates), shared_plate_line(response.candidates)))
        if (unseen := response.candidates_total - len(response.candidates)) > 0:
            parts.append(f"Y {unseen} más, que aquí no caben: agregue datos, o véalos todos con `ronda search`.")
    if response.suggestions:
        parts.append(meant_line(response))
    print_renderables(*parts, registers_line(response.answer))


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
    name: Annotated[str, typer.Option(help="Nombre completo, dicho o visto.")] = "",
    born: Annotated[str, typer.Option(help="Nacimiento: aaaa, aaaa-mm, aaaa-mm-dd o dd/mm/aaaa.")] = "",
    sex: SexOption = None,
    plate: Annotated[str, typer.Option(help="Placa.")] = "",
    country: Annotated[str, typer.Option(help="País de la placa o del documento, ISO alfa-3.")] = "",
    vin: Annotated[str, typer.Option(help="VIN o número de chasis.")] = "",
    chassis_tail: Annotated[str, typer.Option(help="Últimos 6 a 8 caracteres del chasis.")] = "",
    engine: Annotated[str, typer.Option(help="Número de motor.")] = "",
    make: Annotated[str, typer.Option(help="Marca vista.")] = "",
    colour: Annotated[str, typer.Option(callback=read_colour, help="Color visto, en español.")] = "",
    model_year: Annotated[int | None, typer.Option(min=1, max=9999, help="Modelo (año) visto.")] = None,
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
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
    from ronda.v1 import check_service_pb2 as contract
    from ronda.v1.value_pb2 import PersonName

    query = " ".join(box or [])
    frame = context(purpose, case, reason)
    guessed = False
    if query and (name or born or sex) and not any(letter.isdecimal() for letter in query):
        guessed = not name
        name, query = f"{name} {query}".strip(), ""  # words beside --born or --sex, or --name without quotes
    person_asked = any((cui, nit, cedula, document, licence, telephone, name, born, sex))
    vehicle_asked = any((plate, vin, chassis_tail, engine, make, colour, model_year))
    if person_asked and vehicle_asked:
        fail("Pregunte por una persona o por un vehículo, no por ambos a la vez.", ExitStatus.CALLER, as_json)
    response: Any
    if person_asked:
        person_request = contract.CheckPersonRequest(
            context=frame,
            query=query,
            cui=cui,
            nit=nit,
            cedula=cedula,
            licence=licence,
            telephone=telephone,
            sex=sex or None,
        )
        if document:
            person_request.document.CopyFrom(_document(document))
        if name:
            person_request.name.CopyFrom(PersonName(full=name))
        if born:
            person_request.birth_date.CopyFrom(read_birth(born))
        response = call(
            server,
            identity,
            as_json,
            lambda: _nits_meant(nit),
            lambda c: c.checks.CheckPerson(person_request, timeout=deadline),
        )
    elif vehicle_asked:
        vehicle_request = contract.CheckVehicleRequest(
            context=frame,
            query=query,
            plate=plate,
            plate_country=country,
            vin=vin,
            chassis_tail=chassis_tail,
            engine=engine,
            make=make,
            colour=colour,
            model_year=model_year or 0,
        )
        response = call(
            server,
            identity,
            as_json,
            list,
            lambda c: c.checks.CheckVehicle(vehicle_request, timeout=deadline),
        )
    else:
        one_box = contract.CheckRequest(context=frame, query=query, country=country)
        response = call(
            server,
            identity,
            as_json,
            list,
            lambda c: c.checks.Check(one_box, timeout=deadline),
        )
    if as_json:
        message_json(response)
        return
    _show_check(response, list(response.detected) or ([_as_a_name(response)] if guessed else []))


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NOMBRES",
            help="Nombres y apellidos como se oyeron, en cualquier orden; puede seguir el año de nacimiento.",
        ),
    ] = None,
    born: Annotated[str, typer.Option(help="Fecha o año de nacimiento: aaaa, aaaa-mm, aaaa-mm-dd o dd/mm/aaaa.")] = "",
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
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Busca personas por nombre, o vehículos por placa parcial y lo que se vio; las comillas no hacen falta.

    \b
    Ejemplos:
      ronda search Chepe Ernandez Kej 1985
      ronda search aycinena beltranena --sex F --age-from 30
      ronda search --vehicle "Toyota gris pickup P 32?..."
    """
    from clients.officer_view.answer import answer_head, registers_line
    from clients.officer_view.candidates import candidates_table, likeness_line, narrowing_line
    from ronda.v1 import check_service_pb2 as contract

    names = " ".join(words or [])
    frame = context(purpose, case)
    response: Any
    if vehicle or plate or number or vehicle_type or make or colour or model_year:
        if names or born or sex or department or municipality or age_from or age_to or father or mother:
            fail("Busque personas o vehículos, no ambos a la vez.", ExitStatus.CALLER, as_json)
        vehicles = contract.SearchVehiclesRequest(
            context=frame,
            query=vehicle,
            plate_pattern=plate,
            number=number,
            vehicle_type=vehicle_type,
            make=make,
            colour=colour,
            model_year=model_year or 0,
            page_size=page_size,
            page_token=page_token,
        )
        response = call(server, identity, as_json, list, lambda c: c.checks.SearchVehicles(vehicles, timeout=deadline))
    else:
        persons = contract.SearchPersonsRequest(
            context=frame,
            names=names,
            sex=sex or None,
            department=department or 0,
            municipality=municipality or 0,
            age_from=age_from,
            age_to=age_to or 0,
            father_name=father,
            mother_name=mother,
            page_size=page_size,
            page_token=page_token,
        )
        if born:
            # A year alone is a date too: as years it would rule out those whose year is written one off.
            persons.birth_date.CopyFrom(read_birth(born))
        response = call(server, identity, as_json, list, lambda c: c.checks.SearchPersons(persons, timeout=deadline))
    if as_json:
        message_json(response)
        return
    parts: list[RenderableType] = [
        answer_head(response.answer),
        candidates_table(response.candidates, response.candidates_total),
    ]
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
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
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
