"""`ronda keys issuer init`: makes an issuer's directory from the files of `ronda keys institution`.

<directory>/issuer.toml                   settings (server/issuer/settings.py)
<directory>/officers.db                   officers, hashes, lock-outs
<directory>/officers.key.json             copy of the institution's signing key; the key of its CA stays where it was
<directory>/ca.pem                        the institution's CA: its gateways and devices may connect
<directory>/pepper/                       pepper keys and the database's newest sequence: move it to another disk
<directory>/server.pem, server.key        the issuer's own certificate; server-ca.pem is for its clients
<directory>/trust/                        the institution's public files, and revoked.toml
<directory>/audit/, audit-keys/           its record; take auditor.key and server-ca.key away
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from server.audit.keys import make_auditor_keys, make_signing_keys
from server.issuer.forms import Kind
from server.issuer.hashing import hash_secret
from server.issuer.pepper import Pepper, make_pepper
from server.issuer.proving import now_ms, subject_hashes
from server.issuer.settings import FILE, IssuerSettings, read_settings
from server.issuer.store import Store, make_database
from server.trust.issuing import Issuer, enrol, make_ca, server_certificate, write_private

DEVELOPMENT_NIP, DEVELOPMENT_NUMBER = "10001", "+50255550001"
DEVELOPMENT_PIN, DEVELOPMENT_PASSWORD = "739154", "patrulla de prueba"  # of synthetic data, never for production
_YEAR_MS = 366 * 86_400_000


def make_issuer(
    directory: Path, institution: Path, hosts: Sequence[str], gateways: Sequence[str], listen: str, **more: object
) -> IssuerSettings:
    """Makes all of it; `more`: further settings. Raises OSError, ValueError, KeyError, SettingsError."""
    facts = json_of(read_file(institution / "institution.json").decode())
    ca = read_file(institution / "ca.pem")
    jwks = read_file(institution / "officers.jwks.json").decode()
    signing_key = read_file(institution / "officers.key.json")
    directory.mkdir(parents=True, mode=0o700)
    (directory / "ca.pem").write_bytes(ca)
    write_private(directory / "officers.key.json", signing_key)
    own = make_ca(f"{facts['id']} issuer CA")
    own.write(directory / "server-ca.pem", directory / "server-ca.key")
    server_certificate(own, hosts).write(directory / "server.pem", directory / "server.key")
    enrol(
        directory / "trust",
        facts["id"],
        facts["id"],
        trust_domain=facts["trust_domain"],
        issuer=facts["issuer"],
        ca=ca,
        jwks=jwks,
    )
    make_auditor_keys(directory / "audit-keys")
    make_signing_keys(directory / "audit-keys")
    make_pepper(directory / "pepper")
    make_database(directory / "officers.db", directory / "pepper")
    settings: dict[str, object] = {
        "listen": listen,
        "gateways": list(gateways),
        "trust": "trust",
        "tls_cert": "server.pem",
        "tls_key": "server.key",
        "tls_client_ca": "ca.pem",
        "audit_auditor_key": "audit-keys/auditor.pub",
        "audit_signing_key": "audit-keys/signing.key",
        "audit_durability": "answer-after-fsync",
        "audit_segment_mib": 16,
        **more,
    }
    # JSON's strings, numbers and lists of strings are TOML's, but for characters that no name of ours has.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (directory / FILE).write_text("".join(lines), encoding="utf-8")
    return read_settings(directory)


def make_development_issuer(directory: Path) -> None:
    """Makes, beside `ronda keys dev-ca`'s set, its police's issuer with one officer, and a gateway's certificate.

    <directory>/issuer/                 the issuer; its officer's PIN and password stand in this module
    <directory>/sms.pem, sms.key        the gateway spiffe://pnc.gob.gt/gateway/sms
    <directory>/issuer-ca.pem           the CA by which gateways and cars verify the issuer
    """
    institution = directory / "institutions" / "pnc"
    police = Issuer(institution)
    gateway = police.spiffe("/gateway/sms")
    settings = make_issuer(directory / "issuer", institution, ("localhost", "127.0.0.1"), (gateway,), "127.0.0.1:50071")
    police.gateway("sms").write(directory / "sms.pem", directory / "sms.key")
    (directory / "issuer-ca.pem").write_bytes(read_file(directory / "issuer" / "server-ca.pem"))
    pepper, store = Pepper(settings.pepper), Store(settings.database, settings.pepper)
    with store.change() as db:
        db.execute(
            "INSERT INTO officer (id, nip, unit, roles, reference, epoch) VALUES (1, ?, ?, ?, ?, 0)",
            (DEVELOPMENT_NIP, "zona-1", json.dumps(["patrol"]), secrets.token_bytes(16)),
        )
        store.put_telephone(1, pepper, subject_hashes(pepper, Kind.PIN, DEVELOPMENT_NUMBER))
        for kind, secret in ((Kind.PIN, DEVELOPMENT_PIN), (Kind.PASSWORD, DEVELOPMENT_PASSWORD)):
            made = hash_secret(pepper, kind, 1, secret, settings.scrypt_log_n)
            store.put_secret(1, kind, made, now_ms() + _YEAR_MS, provisional=False)
    store.close()
