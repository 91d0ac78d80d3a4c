"""Settings of who may ask."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from server.audit.settings import AuditSettings
from server.settings import GroundSettings
from server.trust.allowances import PersonBounds


class TrustSettings(GroundSettings):
    """The trust directory, and what an officer's token may be."""

    limits_file: Path | None = Field(
        None, description="File in which all workers count; empty = `limits` in the data directory."
    )
    token_audience: str = Field("ronda", min_length=1, description="`aud` that officers' tokens must name.")
    token_max_age_s: int = Field(
        900, ge=1, description="Longest life of an officer's token (exp - iat), in seconds; longer ones are refused."
    )
    clock_skew_s: int = Field(
        30, ge=0, le=300, description="How far the clocks of token issuers may differ from ours, in seconds."
    )
    break_glass_s: int = Field(
        600, ge=1, description="How long after the token's issue break-glass may be used, in seconds."
    )
    persons_listed_hour: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Different persons that lists (searches, candidates) may show an officer in an hour, twice as many "
        "a device, where her allowance in limits.toml does not state `persons`; more is TOO_MANY_PERSONS.",
    )
    persons_listed_day: int = Field(
        200, ge=1, le=1_000_000, description="The same in a day of Guatemala; three times as many a device."
    )
    persons_day: int = Field(
        300,
        ge=1,
        le=1_000_000,
        description="Different persons that an officer may be shown in a day by any way: lists, owners, identifiers "
        "asked for, off-line look-ups; three times as many a device.",
    )
    persons_unit_hour: int = Field(
        600,
        ge=1,
        le=1_000_000,
        description="Different persons that lists show the officers of one unit in an hour, from which on "
        "`ronda_unit_persons_listed` tells of the unit (docs/alarms.md). Nobody is refused for it.",
    )
    max_metadata_bytes: int = Field(
        8192,
        ge=1024,
        le=32768,
        description="Largest metadata of a call, in bytes (base64 decoded), with 32 more for each field; larger is "
        "METADATA_TOO_LARGE.",
    )

    @property
    def person_bounds(self) -> PersonBounds:
        """The bounds for an allowance that states none."""
        return PersonBounds(
            listed_hour=self.persons_listed_hour, listed_day=self.persons_listed_day, day=self.persons_day
        )

    @property
    def limits_path(self) -> Path:
        """`limits_file`, or its place in the data directory."""
        return self.limits_file if self.limits_file is not None else self.data / "limits"


class OfficeSettings(TrustSettings, AuditSettings):
    """Settings of the offices' commands: they read the audit log and ask policy, without a server."""
