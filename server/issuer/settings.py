"""Settings of an issuer: `issuer.toml` in its directory, which `ronda keys issuer init` makes.

Paths are relative to that file. docs/issuer.md shows the table; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, field_validator, model_validator

from core.documents import toml_of
from core.files.regular_file import read_file
from server.audit.settings import AuditSettings
from server.settings import Address, SettingsError, file_fault, parse_address
from server.transport.settings import TransportSettings
from server.trust.peer import domain_of

FILE = "issuer.toml"


class IssuerSettings(TransportSettings, AuditSettings):
    """The callers that the issuer serves, the cost of a sign-in, and its locks."""

    listen: str = Field("127.0.0.1:50071", description="Address of TokenService, host:port; port 0 = any free one.")
    metrics: str = Field("off", description='Address of the Prometheus scrape, host:port; "off" = no scrape.')
    officers_key: Path = Field(
        Path("officers.key.json"), description="Private key (Ed25519, JWK, mode 0600) that signs officers' tokens."
    )
    pepper: Path = Field(
        Path("pepper"),
        description="Directory of the pepper keys (mode 0600) and of the database's newest sequence; on another disk "
        "than the database, so that who takes or rolls back the one has not the other.",
    )
    gateways: tuple[str, ...] = Field(
        (), description="SPIFFE names of the gateways that may exchange senders' PINs, of this institution alone."
    )
    token_s: int = Field(300, ge=30, le=900, description="Life of an officer's token, in seconds.")
    sms_session_s: int = Field(
        600, ge=60, le=600, description="Life of a sender's session after her PIN, in seconds; 10 minutes at most."
    )
    sms_recall_days: int = Field(
        0,
        ge=0,
        le=30,
        description="How long after a PIN the gateway may have the officer told of changes to whom she looked up, in "
        "days, and seven more; the server's recall_days makes use of it. 0 = never.",
    )
    shift_session_s: int = Field(
        28_800, ge=600, le=43_200, description="Life of a session at a device after the password, in seconds."
    )
    pin_days: int = Field(90, ge=1, le=366, description="Days after which a PIN must be changed.")
    password_days: int = Field(180, ge=1, le=366, description="Days after which a password must be changed.")
    provisional_days: int = Field(
        7, ge=1, le=30, description="Days in which what a clerk gave must be changed by the officer herself."
    )
    scrypt_log_n: int = Field(
        15, ge=14, le=16, description="Cost of a PIN's hash, scrypt's log2 N with r = 8: 14, 15, 16 = 16, 32, 64 MiB."
    )
    scrypt_threads: int = Field(2, ge=1, le=4, description="Hashes at once; each takes the memory above.")
    waiting_of_gateway: int = Field(
        64, ge=1, le=1024, description="Sign-ins of one gateway that wait for a hash or have one; more are refused."
    )
    waiting_of_device: int = Field(
        4, ge=1, le=64, description="Sign-ins of one device that wait for a hash or have one; more are refused."
    )
    calls_of_gateway: int = Field(256, ge=1, le=512, description="Calls of one gateway at once.")
    calls_of_device: int = Field(8, ge=1, le=64, description="Calls of one device at once.")
    half_open_s: int = Field(5, ge=1, le=60, description="Time in which a call's message must come, in seconds.")
    number_failures: int = Field(
        5, ge=3, le=20, description="Wrong PINs or passwords of a number or NIP, known or not, until it is locked."
    )
    device_failures: int = Field(
        20,
        ge=5,
        le=1000,
        description="Wrong passwords at a device in an hour until its sign-ins wait, 1 to 4 seconds each.",
    )
    gateway_failures: int = Field(
        100, ge=5, le=100_000, description="Wrong PINs of known numbers by a gateway in an hour until it is locked."
    )
    all_failures: int = Field(
        500,
        ge=5,
        le=1_000_000,
        description="Wrong PINs and passwords of known officers in an hour until all is locked.",
    )
    lock_s: int = Field(
        300, ge=1, le=3600, description="First lock of a number, NIP, gateway or all; each further one doubles."
    )
    longest_lock_s: int = Field(86_400, ge=60, le=604_800, description="Longest lock of a number or NIP, in seconds.")
    longest_wide_lock_s: int = Field(
        3600, ge=60, le=86_400, description="Longest lock of a gateway or all, in seconds."
    )
    refusal_step_ms: int = Field(
        250, ge=10, le=2000, description="A refused sign-in leaves at a multiple of this after it came, in ms."
    )
    drain_s: int = Field(5, ge=0, le=60, description="Time that calls have to end at SIGTERM, in seconds.")

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        parse_address(text)
        return text

    @field_validator("metrics")
    @classmethod
    def _metrics_is_an_address(cls, text: str) -> str:
        if text != "off":
            parse_address(text)
        return text

    @field_validator("gateways")
    @classmethod
    def _are_gateways(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            domain_of(name)
            if "/gateway/" not in name:
                raise ValueError("names gateways, spiffe://<trust domain>/gateway/<name>")
        return names

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.trust is None or self.tls_cert is None or self.tls_client_ca is None:
            raise ValueError("an issuer needs trust, tls_cert, tls_key and tls_client_ca")
        if self.shift_session_s < self.token_s or self.sms_session_s + self.token_s > 900:
            raise ValueError("token_s: with sms_session_s at most 900 seconds, and no longer than a shift")
        return self

    @property
    def metrics_address(self) -> Address | None:
        """`metrics`, parsed; None = off."""
        return None if self.metrics == "off" else parse_address(self.metrics)

    @property
    def database(self) -> Path:
        """Officers, keyed hashes of numbers, hashed PINs, lock-outs: SQLite."""
        return self.data / "officers.db"

    @property
    def kept_sessions(self) -> Path:
        """Sessions between an ordered end and the next start, sealed (kept_sessions.py)."""
        return self.data / "sessions.sealed"


_PATHS = ("trust", "officers_key", "pepper", "tls_cert", "tls_key", "tls_client_ca")
_AUDIT_PATHS = ("audit", "audit_auditor_key", "audit_signing_key", "audit_keeper_ca")


def read_settings(directory: Path, **given: object) -> IssuerSettings:
    """The settings in a directory's issuer.toml, with what was given besides. Raises SettingsError."""
    path = directory / FILE
    try:
        table = toml_of(read_file(path))
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None
    table = {"data": ".", "officers_key": "officers.key.json", "pepper": "pepper"} | table | given
    for name in ("data", *_PATHS, *_AUDIT_PATHS):
        if table.get(name):
            table[name] = directory / str(table[name])
    try:
        return IssuerSettings.model_validate(table)
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, issue["loc"]))
        raise SettingsError(f"{path}: {where + ': ' if where else ''}{issue['msg']}") from None
