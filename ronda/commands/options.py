"""The options that several commands share: the server, who asks, why, and how the answer is shown."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

# Before gRPC is imported, which reads it then: its own lines, in English, say nothing that failures.py does not.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

MAX_PORT = 65535
HERE = "127.0.0.1:50051"
"""The server that is asked where none is named."""
PATIENCE_S = 5.0
"""Default time to wait for an answer."""


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
SummaryJsonOption = Annotated[bool, typer.Option("--json", help="El resumen como JSON, en la salida estándar.")]
DataOption = Annotated[Path | None, typer.Option(help="Directorio de datos; si no, RONDA_DATA, o data.")]
SexOption = Annotated[Any, typer.Option("--sex", parser=read_sex, metavar="M|F", help="Sexo: m o f.")]
NipOption = Annotated[str, typer.Option("--nip", help="Su NIP, solo en modo de desarrollo; si no, lo dice el token.")]

# ---- of the audit log ----

AuditOption = Annotated[
    Path | None, typer.Option("--audit", help="Directorio de la auditoría; si no, el de los ajustes.")
]
KeyOption = Annotated[
    Path | None, typer.Option("--key", envvar="RONDA_AUDITOR_KEY", help="Llave privada del auditor (PEM).")
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token", envvar="RONDA_TOKEN", help="Archivo con su token; debe tener el rol de auditoría."),
]
PublicOption = Annotated[
    Path | None,
    typer.Option("--public-key", help="Llave pública de los puntos de control (PEM); si no, la de los ajustes."),
]
SinceOption = Annotated[
    str, typer.Option("--since", help="Desde esta hora de Guatemala, por ejemplo 2026-11-24 o 2026-11-24T20:00.")
]
UntilOption = Annotated[
    str, typer.Option("--until", help="Hasta esta hora de Guatemala; un día solo, hasta que termina.")
]
PlainJsonOption = Annotated[bool, typer.Option("--json", help="Como JSON.")]
ReviewCaseOption = Annotated[str, typer.Option("--case", help="Número de caso de su revisión.")]

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
