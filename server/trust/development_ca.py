"""`ronda keys dev-ca`: a whole working set for one machine, never for production.

<directory>/server.pem, server.key       the server's certificate, for localhost
<directory>/server-ca.pem                the CA that clients trust
<directory>/ronda.toml                   settings that name all of it: RONDA_CONFIG=<directory>/ronda.toml ronda serve
<directory>/audit/                       the audit log
<directory>/audit-keys/                  the auditor's pair and the key that signs checkpoints
<directory>/trust/                       a trust directory with the example policy and six institutions
<directory>/institutions/<id>/           their private keys, as each would hold them by itself
<directory>/patrol.pem, .key, .token     a device of the police, and a token for its officer
<directory>/clearance.pem, .key, .token  a device of the clearance agency, and a token for its clerk
"""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

from server.audit.keys import make_auditor_keys, make_signing_keys
from server.trust.issuing import Issuer, make_ca, server_certificate, write_private

# id -> (name, trust domain), as the example policy speaks of them
EXAMPLE_INSTITUTIONS: dict[str, tuple[str, str]] = {
    "pnc": ("Policía Nacional Civil", "pnc.gob.gt"),
    "mp": ("Ministerio Público", "mp.gob.gt"),
    "migracion": ("Instituto Guatemalteco de Migración", "migracion.gob.gt"),
    "digecam": ("Dirección General de Control de Armas y Municiones", "digecam.gob.gt"),
    "oj": ("Organismo Judicial", "oj.gob.gt"),
    "pdh": ("Procuraduría de los Derechos Humanos", "pdh.gob.gt"),
}

DEVELOPMENT_DEVICES = {
    "patrol": ("pnc", "zona-1", "10001", "patrol"),
    "clearance": ("digecam", "certificados", "20001", "clearance"),
}
"""Files without ending -> institution, unit, NIP, role."""


def copy_example(trust: Path) -> None:
    """Policy, allowances and cases to start from. Raises FileExistsError for a directory that holds a policy."""
    trust.mkdir(parents=True, exist_ok=True, mode=0o755)
    if (trust / "policy.cedar").exists():
        raise FileExistsError(trust / "policy.cedar")
    for name in ("policy.cedar", "limits.toml", "cases.toml"):
        with (files("server.trust") / "example" / name).open("rb") as source, (trust / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def make_development_set(directory: Path, hosts: tuple[str, ...] = ("localhost", "127.0.0.1")) -> None:
    """Makes the set in a new directory. Raises FileExistsError."""
    directory.mkdir(parents=True, mode=0o700)
    ca = make_ca("Ronda development server CA")
    (directory / "server-ca.pem").write_bytes(ca.certificate)
    server_certificate(ca, hosts).write(directory / "server.pem", directory / "server.key")
    trust = directory / "trust"
    copy_example(trust)
    for identity, (name, domain) in EXAMPLE_INSTITUTIONS.items():
        issuer = Issuer.make(directory / "institutions" / identity, identity, domain, f"https://identidad.{domain}")
        issuer.enrol(trust, name)
    audit_keys = directory / "audit-keys"
    make_auditor_keys(audit_keys)
    make_signing_keys(audit_keys)
    settings = {
        "trust": trust,
        "tls_cert": directory / "server.pem",
        "tls_key": directory / "server.key",
        # Of its own: what a demonstration recorded in the data directory is signed with the demonstration's key.
        "audit": directory / "audit",
        "audit_auditor_key": audit_keys / "auditor.pub",
        "audit_signing_key": audit_keys / "signing.key",
    }
    lines = [f"{name} = {json.dumps(str(path.resolve()))}\n" for name, path in settings.items()]
    (directory / "ronda.toml").write_text("".join(lines), encoding="utf-8")
    for name, (institution, unit, person, role) in DEVELOPMENT_DEVICES.items():
        issuer = Issuer(directory / "institutions" / institution)
        device = issuer.device(unit, f"{name}-1")
        device.write(directory / f"{name}.pem", directory / f"{name}.key")
        token = issuer.token(person, unit, [role], device.thumbprint)
        write_private(directory / f"{name}.token", token.encode() + b"\n")
