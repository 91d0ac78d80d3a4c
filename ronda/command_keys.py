"""`ronda keys`: certificates, keys and tokens; `ronda policy`: what the trust directory allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.command_output import EXIT_CALLER, EXIT_OURS, fail

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.trust.issuing import Issuer

keys = typer.Typer(help="Certificates, keys and tokens: institutions, devices, officers.", no_args_is_help=True)
policy = typer.Typer(help="Policy: who may ask what, for which purpose.", no_args_is_help=True)

InstitutionDirectory = Annotated[Path, typer.Argument(help="What `ronda keys institution` made.")]
TrustDirectory = Annotated[Path, typer.Argument(help="A trust directory.")]
Days = Annotated[float, typer.Option(help="Days that it holds.")]


@keys.command("dev-ca")
def development_ca(directory: Annotated[Path, typer.Argument(help="New directory.")]) -> None:
    """Make a whole working set for one machine: server, trust directory, institutions, a patrol. Not for production."""
    from server.trust.development_ca import make_development_set

    _refuse_existing(lambda: make_development_set(directory))
    typer.echo(
        f"Made. Serve and ask:\n"
        f"  RONDA_CONFIG={directory}/ronda.toml ronda serve          # not as root\n"
        f"  ronda check --identity {directory}/patrol --server localhost:50051 P-123BCD\n"
        f"The patrol's token lives 15 minutes; another one:\n"
        f"  ronda keys token {directory}/institutions/pnc --nip 10001 --unit zona-1 --role patrol "
        f"--certificate {directory}/patrol.pem > {directory}/patrol.token"
    )


@keys.command("institution")
def institution(
    directory: Annotated[Path, typer.Argument(help="New directory, for the institution alone.")],
    identity: Annotated[str, typer.Option("--id", help="Short id, for example bomberos.")],
    trust_domain: Annotated[str, typer.Option(help="SPIFFE trust domain, for example bomberos.gob.gt.")],
    issuer: Annotated[str, typer.Option(help="`iss` of its tokens; none = https://identidad.<trust domain>.")] = "",
) -> None:
    """Make an institution's own keys: a CA for its devices and a signing key for its officers' tokens."""
    from server.trust.issuing import Issuer

    _refuse_existing(
        lambda: Issuer.make(directory, identity, trust_domain, issuer or f"https://identidad.{trust_domain}")
    )
    typer.echo(f"Made. {directory}/ca.pem and {directory}/officers.jwks.json go to Ronda; all else stays here.")


@keys.command("enrol")
def enrol(
    trust: TrustDirectory,
    identity: Annotated[str, typer.Option("--id", help="Short id; roles are written id/role in policy.")],
    name: Annotated[str, typer.Option(help="Name for people.")],
    trust_domain: Annotated[str, typer.Option(help="SPIFFE trust domain of its devices.")],
    ca: Annotated[Path, typer.Option(help="Its device CA, PEM.", exists=True)],
    jwks: Annotated[Path, typer.Option(help="Public keys of its tokens, JWK Set.", exists=True)],
    issuer: Annotated[str, typer.Option(help="`iss` of its tokens; none = https://identidad.<trust domain>.")] = "",
) -> None:
    """Enrol an institution: copy its public files into the trust directory and write its table."""
    from server.settings import SettingsError
    from server.trust.institutions import Institutions
    from server.trust.issuing import enrol as add

    issuer = issuer or f"https://identidad.{trust_domain}"
    _refuse_existing(
        lambda: add(
            trust,
            identity,
            name,
            trust_domain=trust_domain,
            issuer=issuer,
            ca=ca.read_bytes(),
            jwks=jwks.read_text(encoding="utf-8"),
        )
    )
    try:
        Institutions(trust / "institutions.toml")
    except SettingsError as error:
        fail(f"{error}\nWritten, but the server keeps to the last good state until it is mended.", EXIT_CALLER, False)
    typer.echo(f"{identity} is enrolled. Permit its roles in {trust}/policy.cedar, then: ronda policy test {trust}")


@keys.command("device")
def device(
    directory: InstitutionDirectory,
    out: Annotated[Path, typer.Option(help="Path without ending: .pem and .key are added.")],
    unit: Annotated[str, typer.Option(help="Unit of the device.")] = "",
    name: Annotated[str, typer.Option("--device", help="Name of the device within its unit.")] = "",
    gateway: Annotated[str, typer.Option(help="Instead: name of a gateway that asks on behalf of officers.")] = "",
    days: Days = 90,
) -> None:
    """Issue a client certificate to a device of a unit, or to a gateway."""
    issuer = _issuer(directory)
    if bool(gateway) == bool(unit and name):
        fail("Give --unit and --device, or --gateway.", EXIT_CALLER, False)
    pair = issuer.gateway(gateway, days) if gateway else issuer.device(unit, name, days)
    _refuse_existing(lambda: pair.write(Path(f"{out}.pem"), Path(f"{out}.key")))
    path = f"/gateway/{gateway}" if gateway else f"/unit/{unit}/device/{name}"
    typer.echo(f"{out}.pem is {issuer.spiffe(path)}")


@keys.command("server")
def server(
    directory: Annotated[Path, typer.Argument(help="New directory.")],
    host: Annotated[list[str], typer.Option(help="Host name or address; several times for several.")],
    days: Days = 90,
) -> None:
    """Make a CA and a server certificate by it. Clients trust server-ca.pem."""
    from server.trust.issuing import make_ca, server_certificate, write_private

    def make() -> None:
        directory.mkdir(parents=True, mode=0o700)
        ca = make_ca("Ronda server CA")
        (directory / "server-ca.pem").write_bytes(ca.certificate)
        write_private(directory / "server-ca.key", ca.key)
        server_certificate(ca, host, days).write(directory / "server.pem", directory / "server.key")

    _refuse_existing(make)


@keys.command("token")
def token(
    directory: InstitutionDirectory,
    nip: Annotated[str, typer.Option(help="The officer's NIP.")],
    unit: Annotated[str, typer.Option(help="Her unit.")],
    role: Annotated[list[str], typer.Option(help="A role, without the institution; several times for several.")],
    certificate: Annotated[Path, typer.Option(help="Client certificate that it is bound to.", exists=True)],
    gateway: Annotated[str, typer.Option(help="SPIFFE name of the gateway that asks on her behalf.")] = "",
    seconds: Annotated[int, typer.Option(help="How long it lives.", min=1)] = 900,
    audience: Annotated[str, typer.Option(help="`aud`.")] = "ronda",
) -> None:
    """Sign an officer's token, to standard output. In production an identity provider does this after a sign-in."""
    from server.trust.issuing import Pair

    issuer = _issuer(directory)
    try:
        thumbprint = Pair(certificate.read_bytes(), b"").thumbprint
    except ValueError:
        fail(f"--certificate: {certificate} is no PEM certificate", EXIT_CALLER, False)
    typer.echo(issuer.token(nip, unit, role, thumbprint, seconds=seconds, audience=audience, gateway=gateway))


@policy.command("init")
def init(trust: TrustDirectory) -> None:
    """Copy the example policy, allowances and cases into a trust directory, to start from."""
    from server.trust.development_ca import copy_example

    _refuse_existing(lambda: copy_example(trust))


@policy.command("test")
def test(trust: TrustDirectory) -> None:
    """Hold policy against cases.toml: exit status 0 = every row holds, 1 = one does not, 2 = a file is wrong."""
    from server.settings import SettingsError
    from server.trust.allowances import read_allowances
    from server.trust.policy import Policy
    from server.trust.policy_cases import broken_rules, read_cases

    try:
        rules = Policy(trust / "policy.cedar", read_allowances(trust / "limits.toml"))
        cases = read_cases(trust / "cases.toml")
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)
    failed = 0
    for case in cases:
        broken = broken_rules(rules, case)
        failed += bool(broken)
        typer.echo(f"{'FAILED' if broken else 'ok    '} {case.name}" + "".join(f"\n         {each}" for each in broken))
    typer.echo(f"{len(cases) - failed} of {len(cases)} cases hold")
    raise typer.Exit(EXIT_OURS if failed else 0)


@policy.command("schema")
def schema(trust: TrustDirectory) -> None:
    """Print the Cedar schema that policy.cedar is validated against: every word that it may use."""
    from server.settings import SettingsError
    from server.trust.allowances import read_allowances
    from server.trust.policy_model import schema_text

    try:
        typer.echo(schema_text(read_allowances(trust / "limits.toml")), nl=False)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)


def _issuer(directory: Path) -> Issuer:
    from server.trust.issuing import Issuer

    try:
        return Issuer(directory)
    except (OSError, ValueError, KeyError):
        fail(f"{directory} is no institution's directory: `ronda keys institution` makes one", EXIT_CALLER, False)


def _refuse_existing(make: Callable[[], object]) -> None:
    """Makes files, or says which one is there: no key is ever overwritten."""
    try:
        make()
    except FileExistsError as error:
        fail(f"{error.filename or error}: is there already, and no key is overwritten", EXIT_CALLER, as_json=False)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", EXIT_CALLER, as_json=False)
