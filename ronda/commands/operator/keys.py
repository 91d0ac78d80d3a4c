"""`ronda keys`: certificates, keys and tokens; `ronda policy`: what the trust directory allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.files.regular_file import read_file
from ronda.commands.operator.issuer import issuer
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, fail, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.trust.issuing import Issuer

keys = typer.Typer(help="Certificados, llaves y tokens: instituciones, equipos, oficiales.", no_args_is_help=True)
keys.add_typer(issuer, name="issuer")
policy = typer.Typer(help="Política: quién puede preguntar qué, y con qué motivo.", no_args_is_help=True)

InstitutionDirectory = Annotated[
    Path, typer.Argument(metavar="DIRECTORIO", help="Lo que hizo `ronda keys institution`.")
]
TrustDirectory = Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Un directorio de confianza.")]
Days = Annotated[float, typer.Option(help="Días que vale.")]


@keys.command("dev-ca")
def development_ca(directory: Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Directorio nuevo.")]) -> None:
    """Hace un juego completo para un equipo: servidor, instituciones, una patrulla, una oficina de constancias.

    No es para producción.

    \b
    Ejemplo:
      ronda keys dev-ca dev
    """
    from server.issuer.set_up import DEVELOPMENT_NIP, make_development_issuer
    from server.trust.development_ca import DEVELOPMENT_DEVICES, make_development_set

    def make() -> None:
        make_development_set(directory)
        make_development_issuer(directory)

    _refuse_existing(make)
    others = [
        f"  ronda keys token {directory}/institutions/{institution} --nip {nip} --unit {unit} --role {role} "
        f"--certificate {directory}/{name}.pem > {directory}/{name}.token\n"
        for name, (institution, unit, nip, role) in DEVELOPMENT_DEVICES.items()
    ]
    say(
        f"Made. Serve and ask:\n"
        f"  RONDA_CONFIG={directory}/ronda.toml ronda serve          # not as root\n"
        f"  ronda check --identity {directory}/patrol --server localhost:50051 P-123BCD\n"
        f"  ronda clear examples/agency.csv --standard wanted --server localhost:50051 "
        f"--identity {directory}/clearance\n"
        f"Tokens live 15 minutes; others:\n{''.join(others)}"
        f"Or from the issuer of the police, which knows officer {DEVELOPMENT_NIP} (docs/issuer.md says by what):\n"
        f"  ronda keys issuer serve {directory}/issuer\n"
        f"  ronda login --issuer localhost:50071 --identity {directory}/patrol --nip {DEVELOPMENT_NIP}"
    )


@keys.command("institution")
def institution(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORIO", help="Directorio nuevo, solo para la institución.")
    ],
    identity: Annotated[str, typer.Option("--id", help="Id corto, por ejemplo bomberos.")],
    trust_domain: Annotated[str, typer.Option(help="Dominio de confianza SPIFFE, por ejemplo bomberos.gob.gt.")],
    issuer: Annotated[
        str, typer.Option(help="`iss` de sus tokens; sin él, https://identidad.<dominio de confianza>.")
    ] = "",
) -> None:
    """Hace las llaves de una institución: una autoridad para sus equipos y la que firma los tokens de sus oficiales.

    \b
    Ejemplo:
      ronda keys institution bomberos --id bomberos --trust-domain bomberos.gob.gt
    """
    from server.trust.issuing import Issuer

    _refuse_existing(
        lambda: Issuer.make(directory, identity, trust_domain, issuer or f"https://identidad.{trust_domain}")
    )
    say(f"Made. {directory}/ca.pem and {directory}/officers.jwks.json go to Ronda; all else stays here.")


@keys.command("enrol")
def enrol(
    trust: TrustDirectory,
    identity: Annotated[str, typer.Option("--id", help="Id corto; en la política los roles se escriben id/rol.")],
    name: Annotated[str, typer.Option(help="Nombre para las personas.")],
    trust_domain: Annotated[str, typer.Option(help="Dominio de confianza SPIFFE de sus equipos.")],
    ca: Annotated[Path, typer.Option(help="La autoridad de sus equipos, PEM.", exists=True)],
    jwks: Annotated[Path, typer.Option(help="Llaves públicas de sus tokens, JWK Set.", exists=True)],
    issuer: Annotated[
        str, typer.Option(help="`iss` de sus tokens; sin él, https://identidad.<dominio de confianza>.")
    ] = "",
) -> None:
    """Inscribe una institución: copia sus archivos públicos al directorio de confianza y escribe su tabla.

    \b
    Ejemplo:
      ronda keys enrol trust --id bomberos --name Bomberos --trust-domain bomberos.gob.gt \\
          --ca bomberos/ca.pem --jwks bomberos/officers.jwks.json
    """
    from server.trust.issuing import enrol as add

    issuer = issuer or f"https://identidad.{trust_domain}"
    _refuse_existing(
        lambda: add(
            trust,
            identity,
            name,
            trust_domain=trust_domain,
            issuer=issuer,
            ca=read_file(ca),
            jwks=read_file(jwks).decode(),
        )
    )
    say(f"{identity} is enrolled. Permit its roles in {trust}/policy.cedar, then: ronda policy test {trust}")


@keys.command("device")
def device(
    directory: InstitutionDirectory,
    out: Annotated[Path, typer.Option(help="Ruta sin terminación: se agregan .pem y .key.")],
    unit: Annotated[str, typer.Option(help="Unidad del equipo.")] = "",
    name: Annotated[str, typer.Option("--device", help="Nombre del equipo en su unidad.")] = "",
    gateway: Annotated[
        str, typer.Option(help="En su lugar: nombre de un portal que pregunta en nombre de oficiales.")
    ] = "",
    machine: Annotated[
        str, typer.Option(help="En su lugar: nombre de un programa que envía cambios (ronda feed), sin oficial.")
    ] = "",
    days: Annotated[float | None, typer.Option(help="Días que vale: 90; de un programa 365.")] = None,
) -> None:
    """Emite el certificado de un equipo de una unidad, de un portal o de un programa que envía cambios.

    \b
    Ejemplo:
      ronda keys device bomberos --unit central --device 7 --out unit-7
      ronda keys device oj --machine ordenes --out envios
    """
    issuer = _issuer(directory)
    if [bool(gateway), bool(machine), bool(unit and name)].count(True) != 1:
        fail("Give --unit and --device, or --gateway, or --machine.", EXIT_CALLER, False)
    if gateway:
        pair, path = issuer.gateway(gateway, 90 if days is None else days), f"/gateway/{gateway}"
    elif machine:
        pair, path = issuer.machine(machine, 365 if days is None else days), f"/machine/{machine}"
    else:
        pair, path = issuer.device(unit, name, 90 if days is None else days), f"/unit/{unit}/device/{name}"
    _refuse_existing(lambda: pair.write(Path(f"{out}.pem"), Path(f"{out}.key")))
    say(f"{out}.pem is {issuer.spiffe(path)}")


@keys.command("server")
def server(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Directorio nuevo.")],
    host: Annotated[list[str], typer.Option(help="Nombre o dirección del servidor; se repite para varios.")],
    days: Days = 90,
    by: Annotated[
        Path | None,
        typer.Option(help="Directorio de un certificado anterior, cuya autoridad firma este: una renovación."),
    ] = None,
) -> None:
    """Hace una autoridad y un certificado de servidor. Los clientes confían en server-ca.pem.

    \b
    Ejemplo:
      ronda keys server llaves --host ronda.mingob.gob.gt
    """
    from server.trust.issuing import Pair, is_host, make_ca, server_certificate, write_private

    for each in host:
        if not is_host(each):  # a certificate for it would fit no server
            fail(f"--host: {each!r} is neither a host name nor an address", EXIT_CALLER, False)

    def make() -> None:
        earlier = (by / "server-ca.pem", by / "server-ca.key") if by is not None else None
        ca = Pair(*(read_file(path) for path in earlier)) if earlier is not None else make_ca("Ronda server CA")
        directory.mkdir(parents=True, mode=0o700)
        (directory / "server-ca.pem").write_bytes(ca.certificate)
        write_private(directory / "server-ca.key", ca.key)
        server_certificate(ca, host, days).write(directory / "server.pem", directory / "server.key")

    _refuse_existing(make)


@keys.command("document-signer")
def document_signer(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Directorio nuevo, solo para la oficina.")],
    name: Annotated[str, typer.Option(help="Nombre de la institución, como se imprime.")],
    identity: Annotated[str, typer.Option("--id", help="Id corto, va en los códigos QR.")],
    online: Annotated[
        str, typer.Option(help="Dirección donde se comprueba en línea, https://...; va en los códigos QR.")
    ] = "",
    days: Days = 1095,
) -> None:
    """Hace las llaves de una oficina de constancias: certificado de firma con su autoridad, y llave de los códigos QR.

    \b
    Ejemplo:
      ronda keys document-signer oficina --id mingob --name "Ministerio de Gobernación"
    """
    from server.certificates.directory import OfficeDirectory

    if online and not online.startswith("https://"):
        fail("--online: an address that begins with https://", EXIT_CALLER, False)
    if not identity or not name.strip():
        fail("--id, --name: must not be empty", EXIT_CALLER, False)
    _refuse_existing(lambda: OfficeDirectory.make(directory, identity, name, online, days))
    say(
        f"Made. {directory}/public goes to whoever verifies certificates; {directory}/authority.key to a safe; "
        "all else stays here."
    )


@keys.command("token")
def token(
    directory: InstitutionDirectory,
    nip: Annotated[str, typer.Option(help="NIP del oficial.")],
    unit: Annotated[str, typer.Option(help="Su unidad.")],
    role: Annotated[list[str], typer.Option(help="Un rol, sin la institución; se repite para varios.")],
    certificate: Annotated[Path, typer.Option(help="Certificado del equipo al que queda atado.", exists=True)],
    gateway: Annotated[str, typer.Option(help="Nombre SPIFFE del portal que pregunta en su nombre.")] = "",
    seconds: Annotated[int, typer.Option(help="Cuánto vive, en segundos.", min=1)] = 900,
    audience: Annotated[str, typer.Option(help="`aud` del token.")] = "ronda",
) -> None:
    """Firma el token de un oficial, a la salida estándar. En producción lo hace un proveedor de identidad.

    \b
    Ejemplo:
      ronda keys token pnc --nip 1001 --unit central --role patrol --certificate unit-7.pem > unit-7.token
    """
    from server.trust.issuing import Pair

    issuer = _issuer(directory)
    try:
        thumbprint = Pair(read_file(certificate), b"").thumbprint
    except ValueError:
        fail(f"--certificate: {certificate} is no PEM certificate", EXIT_CALLER, False)
    say(issuer.token(nip, unit, role, thumbprint, seconds=seconds, audience=audience, gateway=gateway))


@policy.command("init")
def init(trust: TrustDirectory) -> None:
    """Copia la política, cuotas y casos de ejemplo a un directorio de confianza, para empezar.

    \b
    Ejemplo:
      ronda policy init trust
    """
    from server.trust.development_ca import copy_example

    _refuse_existing(lambda: copy_example(trust))


@policy.command("test")
def test(trust: TrustDirectory) -> None:
    """Prueba la política contra cases.toml: estado 0 = toda fila se cumple, 1 = alguna no, 2 = archivo mal.

    \b
    Ejemplo:
      ronda policy test trust
    """
    from server.settings import SettingsError
    from server.trust.allowances import read_allowances
    from server.trust.policy import Policy
    from server.trust.policy_cases import broken_rules, read_cases

    _refuse_no_directory(trust)
    try:
        rules = Policy(trust / "policy.cedar", read_allowances(trust / "limits.toml"))
        cases = read_cases(trust / "cases.toml")
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)
    failed = 0
    for case in cases:
        broken = broken_rules(rules, case)
        failed += bool(broken)
        say(f"{'FAILED' if broken else 'ok    '} {case.name}" + "".join(f"\n         {each}" for each in broken))
    say(f"{len(cases) - failed} of {len(cases)} cases hold")
    raise typer.Exit(EXIT_OURS if failed else 0)


@policy.command("schema")
def schema(trust: TrustDirectory) -> None:
    """Muestra el esquema Cedar con que se valida policy.cedar: cada palabra que puede usar.

    \b
    Ejemplo:
      ronda policy schema trust > schema.cedarschema
    """
    from server.settings import SettingsError
    from server.trust.allowances import read_allowances
    from server.trust.policy_model import schema_text

    _refuse_no_directory(trust)
    try:
        say(schema_text(read_allowances(trust / "limits.toml")), nl=False)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)


def _issuer(directory: Path) -> Issuer:
    from server.trust.issuing import Issuer

    try:
        return Issuer(directory)
    except (OSError, ValueError, KeyError):
        fail(f"{directory} is no institution's directory: `ronda keys institution` makes one", EXIT_CALLER, False)


def _refuse_no_directory(trust: Path) -> None:
    if not trust.is_dir():
        fail(f"{trust}: no such directory; `ronda policy init {trust}` makes one to begin with", EXIT_CALLER, False)


def _refuse_existing(make: Callable[[], object]) -> None:
    """Makes files, or says which one is there: nothing is ever overwritten."""
    from server.settings import SettingsError

    try:
        make()
    except FileExistsError as error:
        fail(f"{error.filename or error}: is there already, and nothing is overwritten", EXIT_CALLER, as_json=False)
    except SettingsError as error:
        fail(f"{error}\nNothing was written.", EXIT_CALLER, as_json=False)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", EXIT_CALLER, as_json=False)
