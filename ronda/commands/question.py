"""What every question to a server has in common: its options, its context, and the call."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.client.whole_file import read_whole
from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, say

MAX_PORT = 65535
HERE = "127.0.0.1:50051"
"""The server that is asked where none is named."""
PATIENCE_S = 5.0
"""How long an answer is waited for."""

# Before gRPC is imported, which reads it then: its own lines, in English, say nothing that command_failures does not.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.client.connection import Connection


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
    STATISTICS = "statistics"


_MALE = ("m", "h", "masculino", "hombre", "varón", "varon", "male")
_FEMALE = ("f", "femenino", "mujer", "female")


def read_sex(text: str) -> Any:
    """A sex as people write it, in capitals or not; the contract's."""
    from ronda.v1 import value_pb2

    word = text.strip().casefold()
    if word in _MALE:
        return value_pb2.SEX_MALE
    if word in _FEMALE:
        return value_pb2.SEX_FEMALE
    raise typer.BadParameter("escriba m (masculino) o f (femenino)")


def _read_server(target: str) -> str:
    """host:port, the host perhaps an IPv6 address in brackets; fails with exit status 2 otherwise."""
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", target)
    if found is None or not 0 < int(found[1]) <= MAX_PORT:
        raise typer.BadParameter("escriba anfitrión:puerto, por ejemplo 127.0.0.1:50051")
    return target


def read_issuer(target: str) -> str:
    """host:port, or none; fails with exit status 2 otherwise."""
    return _read_server(target) if target else ""


ServerOption = Annotated[
    str,
    typer.Option("--server", envvar="RONDA_SERVER", callback=_read_server, help="Servidor de Ronda, anfitrión:puerto."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="La respuesta entera como JSON.")]
IdentityOption = Annotated[
    str,
    typer.Option(
        "--identity",
        envvar="RONDA_IDENTITY",
        help="Ruta sin terminación de sus archivos .pem, .key y .token, con server-ca.pem al lado; sin ella, sin TLS.",
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Razón, donde el motivo la exige (break-glass).")]
PurposeOption = Annotated[
    PurposeWord,
    typer.Option("--purpose", metavar="<motivo>", help=f"Motivo de la consulta: {', '.join(PurposeWord)}."),
]
CaseOption = Annotated[str, typer.Option("--case", help="Número de caso, donde la política lo exige.")]
DeadlineOption = Annotated[
    float, typer.Option("--deadline", help="Segundos que se espera la respuesta.", min=0.05, max=3600)
]
# As officers say them; core/free_text/vehicles.pyx knows their feminines, other words for them, and the English ones.
COLOURS = [
    "amarillo",
    "anaranjado",
    "azul",
    "beige",
    "blanco",
    "café",
    "celeste",
    "corinto",
    "crema",
    "dorado",
    "fucsia",
    "gris",
    "lila",
    "morado",
    "naranja",
    "negro",
    "perla",
    "plateado",
    "rojo",
    "rosado",
    "turquesa",
    "verde",
    "vino",
    "violeta",
]


def read_colour(text: str) -> str:
    """A colour that Ronda knows; fails with exit status 2 otherwise: an unknown one differs from every vehicle's."""
    if not text.strip():
        return ""
    from core.free_text.vehicles import vehicle_words

    said = vehicle_words(text)
    if said is None or not said["colours"]:
        raise typer.BadParameter(f"no se conoce el color «{text}»; escriba uno de {', '.join(COLOURS)}")
    return text


SexOption = Annotated[Any, typer.Option("--sex", parser=read_sex, metavar="M|F", help="Sexo: m o f.")]


@contextmanager
def typed_well(both: str, as_json: bool) -> Iterator[None]:
    """What no question can be made of ends the command with status 2; `both`: what is said of two subjects at once."""
    from clients.client.questions import BothSubjects, NoDate

    try:
        yield
    except BothSubjects:
        fail(both, ExitStatus.CALLER, as_json)
    except NoDate:
        raise typer.BadParameter("escriba aaaa, mm/aaaa, dd/mm/aaaa o aaaa-mm-dd", param_hint="--born") from None


def context(purpose: PurposeWord, case: str, reason: str = "") -> Any:
    """The frame of a request."""
    from clients.client.connection import request_context
    from ronda.v1.context_pb2 import Purpose

    return request_context(Purpose.Value(f"PURPOSE_{purpose.name}"), case, reason)


_OURS = (
    "RONDA_SERVER",
    "RONDA_IDENTITY",
    "RONDA_ISSUER",
    "RONDA_CONFIG",
    "RONDA_TOKEN",
    "RONDA_AUDITOR_KEY",
    "RONDA_AGENCY_KEY",
    "RONDA_CERTIFICATE_OFFICE",
    "RONDA_CERTIFICATE_TRUST",
)


def warn_of_variables() -> None:
    """Says which RONDA_* nothing reads: who mistypes RONDA_SERVER asks another server than she thinks."""
    if not any(name.upper().startswith("RONDA_") and name not in _OURS for name in os.environ):
        return
    try:
        from ronda.settings import unknown_variables  # seldom: it takes longer than the question
    except ImportError:  # the client's wheel reads no settings
        return
    for name, near in unknown_variables().items():
        meant = f"; ¿quiso decir {near}?" if near else ""
        say(f"Aviso: {name} no es un ajuste de Ronda y no se toma en cuenta{meant}", err=True)


def call(
    target: str, identity: str, as_json: bool, hints: Callable[[], list[str]], ask: Callable[[Connection], Any]
) -> Any:
    """Asks, or ends the command with the reason in Spanish."""
    import grpc

    from clients.client.connection import CallFailure, Connection, Identity, read_failure

    warn_of_variables()
    shown = Identity.beside(Path(identity)) if identity else None
    try:
        if shown is not None:
            from ronda.commands.failures import fail_of_files

            if isinstance(shown.token, Path):
                read_whole(shown.token)  # else the call itself fails, and says nothing of the file
            fail_of_files(shown, target, as_json)
        connection = Connection(target, shown)
    except OSError as error:
        from ronda.commands.failures import missing_file

        fail(missing_file(str(error.filename)), ExitStatus.FILES, as_json)
    with connection:
        try:
            return ask(connection)
        except (grpc.RpcError, CallFailure) as error:
            from ronda.commands.failures import fail_call

            failure = error if isinstance(error, CallFailure) else read_failure(error)
            fail_call(failure, target, shown, as_json, hints())
