"""`ronda keys issuer`: the institution's own issuer of officers' tokens, and the acts of its clerk.

Numbers, PINs and passwords are read from a prompt that does not show them, or from standard input: never from the
command line, which others of the machine can read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, fail, print_json, say

if TYPE_CHECKING:
    from server.issuer.clerk import Clerk

issuer = typer.Typer(
    help="Emisor de tokens para instituciones sin proveedor de identidad: oficiales, números, PIN.",
    no_args_is_help=True,
)

IssuerDirectory = Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Lo que hizo `ronda keys issuer init`.")]
Nip = Annotated[str, typer.Option(help="NIP del oficial.")]
PasswordOption = Annotated[bool, typer.Option("--password", help="La contraseña para equipos, en lugar del PIN.")]

_STATES = {"none": "no tiene", "expired": "vencido", "provisional": "provisional"}


@issuer.command("init")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Directorio nuevo.")],
    institution: Annotated[Path, typer.Option(help="Lo que hizo `ronda keys institution`.")],
    host: Annotated[list[str], typer.Option(help="Nombre o dirección del emisor; se repite para varios.")],
    gateway: Annotated[
        list[str] | None, typer.Option(help="Nombre SPIFFE de un portal que puede canjear PIN; se repite.")
    ] = None,
    listen: Annotated[str, typer.Option(help="Dirección, anfitrión:puerto.")] = "127.0.0.1:50071",
) -> None:
    """Hace el directorio de un emisor: base, llaves de pimienta, certificado, ajustes y registro.

    \b
    Ejemplo:
      ronda keys issuer init emisor --institution pnc --host emisor.pnc.gob.gt \\
          --gateway spiffe://pnc.gob.gt/gateway/sms
    """
    from server.issuer.set_up import make_issuer
    from server.trust.issuing import is_host

    for each in host:
        if not is_host(each):
            fail(f"--host: {each!r} no es un nombre ni una dirección", EXIT_CALLER, False)
    with _explained():
        try:
            make_issuer(directory, institution, host, gateway or [], listen)
        except (KeyError, ValueError):
            fail("--institution: no es un directorio de `ronda keys institution`", EXIT_CALLER, False)
    say(
        f"Hecho. Lleve {directory}/audit-keys/auditor.key al auditor, {directory}/server-ca.key a lugar seguro, y "
        f"{directory}/pepper a otro disco (ajuste `pepper`). Los portales confían en {directory}/server-ca.pem."
    )


@issuer.command("enrol-officer")
def enrol_officer(
    directory: IssuerDirectory,
    nip: Nip,
    unit: Annotated[str, typer.Option(help="Su unidad.")],
    role: Annotated[list[str], typer.Option(help="Un rol, sin la institución; se repite para varios.")],
    reinstate: Annotated[bool, typer.Option("--reinstate", help="También si fue revocado.")] = False,
) -> None:
    """Inscribe a un oficial, o le da otra unidad y roles; sus sesiones terminan.

    \b
    Ejemplo:
      ronda keys issuer enrol-officer emisor --nip 10001 --unit zona-1 --role patrol
    """
    with _at_work(directory) as clerk:
        new = clerk.enrol(nip, unit, role, reinstate=reinstate)
    say("Inscrito." if new else "Actualizado; sus sesiones terminaron.")


@issuer.command("set-number")
def set_number(directory: IssuerDirectory, nip: Nip) -> None:
    """Guarda el número de teléfono de un oficial; lo pide, o lo lee de la entrada estándar.

    \b
    Ejemplo:
      ronda keys issuer set-number emisor --nip 10001 < numero.txt
    """
    with _at_work(directory) as clerk:
        clerk.set_number(nip, _secret("Número, con + y código de país"))
    say("Guardado; quien lo tenía ya no lo tiene, y las sesiones de ambos terminaron.")


@issuer.command("reset-pin")
def reset_pin(directory: IssuerDirectory, nip: Nip, password: PasswordOption = False) -> None:
    """Da un PIN provisional, que el oficial debe cambiar; lo pide, o lo lee de la entrada estándar.

    \b
    Ejemplo:
      ronda keys issuer reset-pin emisor --nip 10001
      ronda keys issuer reset-pin emisor --nip 10001 --password
    """
    from server.issuer.forms import Kind

    with _at_work(directory) as clerk:
        kind = Kind.PASSWORD if password else Kind.PIN
        days = clerk.reset(nip, kind, _secret("Contraseña provisional" if password else "PIN provisional"))
    say(f"Guardado; tiene {days} días para cambiarlo, y sus sesiones terminaron.")


@issuer.command("unlock")
def unlock(
    directory: IssuerDirectory,
    nip: Annotated[str, typer.Option(help="NIP del oficial; sin él, equipos, portales y emisor.")] = "",
) -> None:
    """Quita el bloqueo por intentos fallidos: de un oficial, o de equipos, portales y el emisor.

    \b
    Ejemplo:
      ronda keys issuer unlock emisor --nip 10001
    """
    with _at_work(directory) as clerk:
        if nip:
            clerk.unlock(nip)
        else:
            clerk.unlock_wide()
    say("Desbloqueado.")


@issuer.command("revoke")
def revoke(directory: IssuerDirectory, nip: Nip) -> None:
    """Revoca a un oficial: no inicia sesión ni la renueva; los tokens que ya tiene viven minutos.

    \b
    Ejemplo:
      ronda keys issuer revoke emisor --nip 10001
    """
    with _at_work(directory) as clerk:
        clerk.revoke(nip)
    say("Revocado. Para terminar ya sus tokens, agréguelo a revoked.toml de Ronda.")


@issuer.command("list")
def list_officers(
    directory: IssuerDirectory,
    as_json: Annotated[bool, typer.Option("--json", help="Como JSON, en la salida estándar.")] = False,
) -> None:
    """Lista los oficiales y el estado de su PIN y contraseña; nunca números.

    \b
    Ejemplo:
      ronda keys issuer list emisor
    """
    from dataclasses import asdict

    with _at_work(directory) as clerk:
        found = clerk.listed()
    if as_json:
        print_json([asdict(each) for each in found])
        return
    from rich.table import Table

    from ronda.commands.output import print_renderables

    table = Table("NIP", "unidad", "roles", "número", "PIN", "contraseña", "estado", box=None)
    for each in found:
        state = "revocado" if each.revoked else "bloqueado" if each.locked else "activo"
        pin, password = (_STATES.get(text, f"hasta {text}") for text in (each.pin, each.password))
        number = "sí" if each.numbered else "no"
        table.add_row(each.nip, each.unit, " ".join(each.roles), number, pin, password, state)
    print_renderables(table)


@issuer.command("rotate-pepper")
def rotate_pepper(directory: IssuerDirectory) -> None:
    """Hace otra llave de pimienta; lo guardado se renueva al usarse, y las llaves sin uso se quitan.

    \b
    Ejemplo:
      ronda keys issuer rotate-pepper emisor
    """
    with _at_work(directory) as clerk:
        keys, dropped = clerk.rotate_pepper()
    say(f"Hay {keys} llaves; {dropped} ya no se usaban y se quitaron.")


@issuer.command("accept")
def accept(directory: IssuerDirectory) -> None:
    """Acepta una base restaurada de una copia: bloqueos y revocaciones posteriores se perdieron, revíselos.

    \b
    Ejemplo:
      ronda keys issuer accept emisor
    """
    with _at_work(directory, restored=True) as clerk:
        clerk.end_all_sessions()
    say("Aceptada. Revoque de nuevo a quien lo fue después de la copia: `ronda audit tail` del emisor lo dice.")


@issuer.command("serve")
def serve(
    directory: IssuerDirectory,
    listen: Annotated[str | None, typer.Option(help="Dirección, anfitrión:puerto.")] = None,
) -> None:
    """Sirve TokenService a los portales y equipos de la institución, hasta SIGTERM.

    \b
    Ejemplo:
      ronda keys issuer serve emisor
    """
    from server.host.forks import start_others_beside_grpc

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own lines are no JSON
    start_others_beside_grpc()
    from server.issuer.serving import serve_issuer
    from server.issuer.settings import read_settings

    with _explained():
        settings = read_settings(directory, **({"listen": listen} if listen else {}))
        try:
            status = serve_issuer(settings)
        except RuntimeError:
            fail(f"{settings.listen}: no se puede usar esa dirección", EXIT_CALLER, False)
    raise typer.Exit(status)


@contextmanager
def _at_work(directory: Path, *, restored: bool = False) -> Iterator[Clerk]:
    from server.issuer.clerk import Clerk
    from server.issuer.settings import read_settings

    with _explained():
        clerk = Clerk(read_settings(directory), restored=restored)
        try:
            yield clerk
        finally:
            clerk.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Reports expected failures as one line and an exit status, without any typed value."""
    from core.errors import AuditUnavailable
    from server.errors import Refusal
    from server.issuer.clerk import Refused
    from server.settings import SettingsError

    try:
        yield
    except Refused as error:
        said = {"unknown": "Ese NIP no está inscrito.", "revoked": "Fue revocado: --reinstate lo inscribe de nuevo."}
        fail(said[str(error)], EXIT_CALLER, False)
    except Refusal as refusal:
        from clients.spanish.failures import said_of_sign_in

        fail(said_of_sign_in(refusal.field, refusal.rule), EXIT_CALLER, False)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, False)
    except AuditUnavailable:
        fail("No pudo quedar en el registro: no se hizo nada.", EXIT_OURS, False)
    except FileExistsError as error:
        fail(f"{error.filename}: ya existe, y no se sobrescribe.", EXIT_CALLER, False)
    except OSError as error:
        fail(f"{error.filename or 'archivo'}: {system_error_text(error)}", EXIT_CALLER, False)


def _secret(prompt: str) -> str:
    """One line of standard input, or what is typed twice and not shown."""
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt="De nuevo"))
    return sys.stdin.readline(256).strip()
