"""`ronda check`, `ronda search`, `ronda registers`: questions to a server, answered in Spanish."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import grpc
import typer

from ronda.command_output import EXIT_CALLER, fail, fail_call, message_json, print_renderables

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from clients.connection import Connection
    from ronda.v1 import check_service_pb2, value_pb2


class PurposeWord(StrEnum):
    """Purposes as typed on the command line."""

    TRAFFIC_STOP = "traffic-stop"
    INVESTIGATION = "investigation"
    BORDER = "border"
    WARRANT_SERVICE = "warrant-service"
    VICTIM_PROTECTION = "victim-protection"
    CLEARANCE = "clearance"
    AUDIT = "audit"
    TRAINING = "training"
    BREAK_GLASS = "break-glass"


class SexWord(StrEnum):
    """Sex as typed on the command line."""

    FEMALE = "f"
    MALE = "m"


ServerOption = Annotated[str, typer.Option("--server", envvar="RONDA_SERVER", help="host:port of a Ronda server.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")]
IdentityOption = Annotated[
    str,
    typer.Option(
        "--identity",
        envvar="RONDA_IDENTITY",
        help="Path without ending of your .pem, .key and .token, with server-ca.pem beside them; none = plaintext.",
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, where the purpose needs a reason (break-glass).")]
PurposeOption = Annotated[PurposeWord, typer.Option("--purpose", help="Why you ask.")]
CaseOption = Annotated[str, typer.Option("--case", help="Case number, where policy asks for one.")]
DeadlineOption = Annotated[float, typer.Option("--deadline", help="Seconds to wait for the answer.", min=0.05)]


def read_birth(text: str) -> value_pb2.PartialDate:
    """A birth date as yyyy, yyyy-mm, yyyy-mm-dd or dd/mm/yyyy; fails with exit status 2 otherwise."""
    from ronda.v1.value_pb2 import PartialDate

    if found := re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text):
        year, month, day = (int(part or 0) for part in found.groups())
        return PartialDate(year=year, month=month, day=day)
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        day, month, year = (int(part) for part in found.groups())
        return PartialDate(year=year, month=month, day=day)
    raise typer.BadParameter("escriba aaaa, aaaa-mm, aaaa-mm-dd o dd/mm/aaaa", param_hint="--born")


def _sex(word: SexWord | None) -> value_pb2.Sex:
    from ronda.v1 import value_pb2

    if word is None:
        return value_pb2.SEX_UNSPECIFIED
    return value_pb2.SEX_FEMALE if word is SexWord.FEMALE else value_pb2.SEX_MALE


def _document(text: str) -> value_pb2.ForeignDocument:
    from ronda.v1.value_pb2 import ForeignDocument

    country, colon, number = text.partition(":")
    return ForeignDocument(country=country.upper(), number=number) if colon else ForeignDocument(number=text)


def _context(purpose: PurposeWord, case: str, reason: str = "") -> Any:
    from clients.connection import request_context
    from ronda.v1.context_pb2 import Purpose

    return request_context(Purpose.Value(f"PURPOSE_{purpose.name}"), case, reason)


def _call(
    target: str, identity: str, as_json: bool, hints: Callable[[], list[str]], ask: Callable[[Connection], Any]
) -> Any:
    """Asks, or ends the command with the reason in Spanish."""
    from clients.connection import Connection, Identity, read_failure

    try:
        connection = Connection(target, Identity.beside(Path(identity)) if identity else None)
    except OSError as error:
        fail(f"--identity: {error.filename}: {error.strerror}", EXIT_CALLER, as_json)
    with connection:
        try:
            return ask(connection)
        except grpc.RpcError as error:
            fail_call(read_failure(error), target, as_json, hints())


def _did_you_mean(*asked: str) -> list[str]:
    """Valid identifiers one slip away from what was typed; worked out here, never sent in an error."""
    from core.identifier_kind import IdentifierKind
    from core.identifiers import suggest

    kinds = (IdentifierKind.CUI, IdentifierKind.NIT, IdentifierKind.VIN)
    return [found for text in asked if text for kind in kinds for found in suggest(kind, text)][:5]


def _show_check(response: check_service_pb2.CheckResponse, extra: list[RenderableType]) -> None:
    from clients.officer_view.answer import answer_head, registers_line
    from clients.officer_view.candidates import candidates_table

    parts: list[RenderableType] = [answer_head(response.answer), *extra]
    if response.candidates:
        parts.append(candidates_table(response.candidates, response.candidates_total))
    if response.suggestions:
        parts.append(f"¿Quiso decir {', '.join(response.suggestions)}?")
    print_renderables(*parts, registers_line(response.answer))


def check(
    query: Annotated[str, typer.Argument(help="CUI, NIT, cédula, passport, telephone, plate, VIN or name.")] = "",
    cui: Annotated[str, typer.Option(help="CUI/DPI.")] = "",
    nit: Annotated[str, typer.Option(help="NIT.")] = "",
    cedula: Annotated[str, typer.Option(help="Cédula, for example 'A-1 123456'.")] = "",
    document: Annotated[
        str, typer.Option(help="Passport or foreign document as COUNTRY:NUMBER, for example SLV:A123.")
    ] = "",
    licence: Annotated[str, typer.Option(help="Driving licence.")] = "",
    telephone: Annotated[str, typer.Option(help="Telephone.")] = "",
    name: Annotated[str, typer.Option(help="Whole name, asked or seen.")] = "",
    born: Annotated[str, typer.Option(help="Birth date: yyyy, yyyy-mm, yyyy-mm-dd or dd/mm/yyyy.")] = "",
    sex: Annotated[SexWord | None, typer.Option(help="Sex seen.")] = None,
    plate: Annotated[str, typer.Option(help="Plate.")] = "",
    country: Annotated[str, typer.Option(help="Country of the plate or document, ISO alpha-3.")] = "",
    vin: Annotated[str, typer.Option(help="VIN or chassis number.")] = "",
    chassis_tail: Annotated[str, typer.Option(help="Last 6 to 8 characters of the chassis number.")] = "",
    engine: Annotated[str, typer.Option(help="Engine number.")] = "",
    make: Annotated[str, typer.Option(help="Make seen.")] = "",
    colour: Annotated[str, typer.Option(help="Colour seen, Spanish.")] = "",
    model_year: Annotated[int, typer.Option(help="Model year seen.")] = 0,
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Check a person or a vehicle: one box, or typed options."""
    from ronda.v1 import check_service_pb2 as contract
    from ronda.v1.value_pb2 import PersonName

    context = _context(purpose, case, reason)
    person_asked = any((cui, nit, cedula, document, licence, telephone, name, born, sex))
    vehicle_asked = any((plate, vin, chassis_tail, engine, make, colour, model_year))
    if person_asked and vehicle_asked:
        fail("Pregunte por una persona o por un vehículo, no por ambos a la vez.", EXIT_CALLER, as_json)
    extra: list[RenderableType] = []
    response: Any
    if person_asked:
        person_request = contract.CheckPersonRequest(
            context=context,
            query=query,
            cui=cui,
            nit=nit,
            cedula=cedula,
            licence=licence,
            telephone=telephone,
            sex=_sex(sex),
        )
        if document:
            person_request.document.CopyFrom(_document(document))
        if name:
            person_request.name.CopyFrom(PersonName(full=name))
        if born:
            person_request.birth_date.CopyFrom(read_birth(born))
        response = _call(
            server,
            identity,
            as_json,
            lambda: _did_you_mean(cui, nit),
            lambda c: c.checks.CheckPerson(person_request, timeout=deadline),
        )
    elif vehicle_asked:
        vehicle_request = contract.CheckVehicleRequest(
            context=context,
            query=query,
            plate=plate,
            plate_country=country,
            vin=vin,
            chassis_tail=chassis_tail,
            engine=engine,
            make=make,
            colour=colour,
            model_year=model_year,
        )
        response = _call(
            server,
            identity,
            as_json,
            lambda: _did_you_mean(vin),
            lambda c: c.checks.CheckVehicle(vehicle_request, timeout=deadline),
        )
    else:
        box = contract.CheckRequest(context=context, query=query, country=country)
        response = _call(
            server, identity, as_json, lambda: _did_you_mean(query), lambda c: c.checks.Check(box, timeout=deadline)
        )
    if as_json:
        message_json(response)
        return
    fields = type(response).DESCRIPTOR.fields_by_name
    if "person" in fields and response.HasField("person"):
        from clients.officer_view.person import person_lines

        extra.append(person_lines(response.person))
    if "vehicle" in fields and response.HasField("vehicle"):
        from clients.officer_view.vehicle import vehicle_lines

        extra.append(vehicle_lines(response.vehicle))
    _show_check(response, extra)


def search(
    names: Annotated[str, typer.Argument(help="Names and surnames as heard, in any order; a year may follow.")] = "",
    born: Annotated[str, typer.Option(help="Birth date or year: yyyy, yyyy-mm, yyyy-mm-dd or dd/mm/yyyy.")] = "",
    age_from: Annotated[int, typer.Option(help="Least age today, in years.")] = 0,
    age_to: Annotated[int, typer.Option(help="Greatest age today, in years.")] = 0,
    sex: Annotated[SexWord | None, typer.Option(help="Sex.")] = None,
    department: Annotated[int, typer.Option(help="Department of birth, INE code 1 to 22.")] = 0,
    municipality: Annotated[int, typer.Option(help="Municipality of birth, INE code: 101.")] = 0,
    father: Annotated[str, typer.Option(help="Father's name.")] = "",
    mother: Annotated[str, typer.Option(help="Mother's name.")] = "",
    vehicle: Annotated[
        str, typer.Option(help="What is known of a vehicle, in any order: 'Toyota azul pickup P 12?...'.")
    ] = "",
    plate: Annotated[str, typer.Option(help="Partial plate: ? is one character, * any number.")] = "",
    number: Annotated[str, typer.Option(help="VIN, chassis or engine number, or its last 6 to 8 characters.")] = "",
    vehicle_type: Annotated[str, typer.Option(help="Kind of vehicle: pickup, moto.")] = "",
    make: Annotated[str, typer.Option(help="Make.")] = "",
    colour: Annotated[str, typer.Option(help="Colour, Spanish.")] = "",
    model_year: Annotated[int, typer.Option(help="Model year.")] = 0,
    page_size: Annotated[int, typer.Option(help="Results a page, 1 to 100.")] = 20,
    page_token: Annotated[str, typer.Option(help="Token of the page before.")] = "",
    purpose: PurposeOption = PurposeWord.INVESTIGATION,
    case: CaseOption = "",
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Search persons by name, or vehicles by a partial plate and what is seen."""
    from clients.officer_view.answer import answer_head, registers_line
    from clients.officer_view.candidates import candidates_table, narrowing_line
    from ronda.v1 import check_service_pb2 as contract

    context = _context(purpose, case)
    response: Any
    if vehicle or plate or number or vehicle_type or make or colour or model_year:
        if names or born or sex or department or municipality or age_from or age_to or father or mother:
            fail("Busque personas o vehículos, no ambos a la vez.", EXIT_CALLER, as_json)
        vehicles = contract.SearchVehiclesRequest(
            context=context,
            query=vehicle,
            plate_pattern=plate,
            number=number,
            vehicle_type=vehicle_type,
            make=make,
            colour=colour,
            model_year=model_year,
            page_size=page_size,
            page_token=page_token,
        )
        response = _call(server, identity, as_json, list, lambda c: c.checks.SearchVehicles(vehicles, timeout=deadline))
    else:
        persons = contract.SearchPersonsRequest(
            context=context,
            names=names,
            sex=_sex(sex),
            department=department,
            municipality=municipality,
            age_from=age_from,
            age_to=age_to,
            father_name=father,
            mother_name=mother,
            page_size=page_size,
            page_token=page_token,
        )
        if born:
            # A year alone is a date too: as years it would rule out those whose year is written one off.
            persons.birth_date.CopyFrom(read_birth(born))
        response = _call(server, identity, as_json, list, lambda c: c.checks.SearchPersons(persons, timeout=deadline))
    if as_json:
        message_json(response)
        return
    parts: list[RenderableType] = [
        answer_head(response.answer),
        candidates_table(response.candidates, response.candidates_total),
    ]
    if narrowing := narrowing_line(response) if hasattr(response, "narrow_by") else "":
        parts.append(narrowing)
    if response.next_page_token:
        parts.append(f"Más resultados: --page-token {response.next_page_token}")
    print_renderables(*parts, registers_line(response.answer))


def registers(
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Show the registers that answers rest on, and how fresh they are."""
    from clients.officer_view.registers import registers_table
    from ronda.v1 import register_service_pb2 as contract

    request = contract.ListRegistersRequest(context=_context(PurposeWord.INVESTIGATION, ""))
    response = _call(server, identity, as_json, list, lambda c: c.registers.ListRegisters(request, timeout=deadline))
    if as_json:
        message_json(response)
        return
    print_renderables(registers_table(response))
