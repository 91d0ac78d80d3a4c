"""Settings of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from server.settings import GroundSettings, parse_address


class AuditSettings(GroundSettings):
    """The log's directory, the auditors it is sealed to, its signing key and the second keeper of its checkpoints."""

    audit: Path | None = Field(None, description="Directory of the audit log; empty = `audit` in the data directory.")
    audit_auditor_key: Path | None = Field(
        None,
        description="Public keys (X25519, PEM, one or several) of the auditors to whom the log is sealed. Empty: "
        "development mode makes a pair beside the log; elsewhere it is required.",
    )
    audit_signing_key: Path | None = Field(
        None,
        description="Private key (Ed25519, PEM) that signs the log's checkpoints; `ronda audit change-key` puts "
        "another in its place. Empty as above.",
    )
    audit_durability: Literal["answer-after-write", "answer-after-fsync"] = Field(
        "answer-after-write",
        description="When an answer may leave: after its record is written (survives a crash of the process; on disk "
        "at most 50 ms later), or after it is on disk (group commit).",
    )
    audit_keeper: str = Field(
        "",
        description="Second keeper of the checkpoints: a directory on another machine (from / on, and not this "
        "server's own), or a witness (`ronda audit witness`): grpcs://host:port, or grpc://host:port without TLS; "
        "empty = none.",
    )
    audit_keeper_ca: Path | None = Field(
        None,
        description="CA of a grpcs:// keeper's certificate, PEM file; empty = a CA that this machine trusts.",
    )
    audit_keeper_cert: Path | None = Field(
        None, description="Client certificate shown to a grpcs:// keeper, PEM file; with `audit_keeper_key`."
    )
    audit_keeper_key: Path | None = Field(None, description="Private key of that certificate, PEM file.")
    audit_segment_mib: int = Field(
        256, ge=16, le=1024, description="Size at which a segment of the audit log is full, in MiB; a new one a day."
    )
    audit_reserve_mib: int = Field(
        256,
        ge=0,
        description="Free space of the audit disk that records leave alone, in MiB: when only that is left, answers "
        "stop (AUDIT_UNAVAILABLE). At 80 % used the log raises an alarm.",
    )
    audit_retention_years: int = Field(
        5,
        ge=1,
        le=100,
        description="Years after which a segment's records are moved to a bin, where they stay for 30 days; its root "
        "stays.",
    )

    recall_days: int = Field(
        0,
        ge=0,
        le=30,
        description="When an alert changes, whoever looked its subject up within so many days is told (docs/live.md): "
        "for so long the hash key before the present one is kept beside it. 0 = nobody is told.",
    )

    @field_validator("audit_keeper")
    @classmethod
    def _keeper_is_a_place(cls, text: str) -> str:
        scheme, separator, address = text.partition("://")
        if separator:
            if scheme not in ("grpc", "grpcs"):
                raise ValueError("must be a directory from / on, grpcs://host:port or grpc://host:port")
            parse_address(address)
        elif text and not Path(text).is_absolute():  # "witness.example:50443" would be a directory here, and no keeper
            raise ValueError("must be a directory from / on, grpcs://host:port or grpc://host:port")
        return text

    @model_validator(mode="after")
    def _keeper_is_elsewhere(self) -> Self:
        if (self.audit_keeper_cert is None) != (self.audit_keeper_key is None):
            raise ValueError("audit_keeper_cert and audit_keeper_key belong together: set both or none")
        if self.audit_keeper.startswith("/"):
            kept = Path(self.audit_keeper).resolve()
            own = [self.data, *([self.audit] if self.audit is not None else [])]
            if any(kept.is_relative_to(place.resolve()) for place in own):
                raise ValueError("audit_keeper: keeps nothing within this server's own data or audit log")
        for name in ("audit_keeper_ca", "audit_keeper_cert"):
            if getattr(self, name) is not None and not self.audit_keeper.startswith("grpcs://"):
                raise ValueError(f"{name} needs an audit_keeper of grpcs://host:port")
        return self
