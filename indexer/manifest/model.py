"""The content of a manifest: a register, its sources, its code maps, and the records that its rows yield."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator

from indexer.manifest.fields import ENUMS, FIRST_VEHICLE_SECTION, SECTIONS, enum_numbers
from indexer.manifest.records import Record, Standard
from indexer.manifest.sources import Source
from indexer.manifest.values import CellText, ManifestModel, ShownText, folded

RoleName = Literal["alert", "identity", "context"]
IdentifierName = Literal["cui", "cedula", "document", "nit", "licence", "foreign_document", "plate", "vin"]

_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_MOST_STALE_S, _LONGEST_STALE = 36525 * 86400, 9  # seconds; characters


def _alert_kind(name: Any) -> Any:
    kinds = enum_numbers(ENUMS["alert_kind"])
    if isinstance(name, str) and name.upper() not in kinds:
        raise ValueError(f"{name!r} is no kind of alert")
    return name.upper() if isinstance(name, str) else name


AlertKindName = Annotated[str, BeforeValidator(_alert_kind)]


class Roles(ManifestModel):
    """The purposes of the register, for persons and for vehicles apart."""

    person: tuple[RoleName, ...] = ()
    vehicle: tuple[RoleName, ...] = ()


class Register(ManifestModel):
    """The register itself: its owner, the alerts that it decides, the age at which it is stale."""

    id: str = Field(pattern=r"^[a-z0-9-]{2,20}$")
    name: ShownText
    owner: ShownText
    contact: ShownText
    order: int = 100
    roles: Roles
    identifies: tuple[IdentifierName, ...] = ()
    authoritative_for: tuple[AlertKindName, ...] = ()
    standards: tuple[Standard, ...] = ()
    stale_after: str = Field(pattern=r"^[1-9][0-9]*[mhd]$")
    shrink_limit_percent: int = Field(default=20, ge=0, le=100)
    withdrawn: bool = False

    @field_validator("stale_after")
    @classmethod
    def _is_a_time(cls, stale_after: str) -> str:
        if len(stale_after) > _LONGEST_STALE or int(stale_after[:-1]) * _SECONDS[stale_after[-1]] > _MOST_STALE_S:
            raise ValueError("is a hundred years at most")
        return stale_after

    @property
    def stale_after_seconds(self) -> int:
        """Age in seconds from which the register is STALE."""
        return int(self.stale_after[:-1]) * _SECONDS[self.stale_after[-1]]


class Manifest(ManifestModel):
    """A register: itself, where it comes from, its code maps, and the records that its rows yield."""

    register_: Register = Field(alias="register")
    source: tuple[Source, ...] = Field(min_length=1)
    codes: dict[str, dict[str, CellText]] = Field(default_factory=dict)
    record: tuple[Record, ...] = Field(min_length=1)
    _file: Path = PrivateAttr(default=Path())

    @property
    def file(self) -> Path:
        """The file that it was read from."""
        return self._file

    @field_validator("codes")
    @classmethod
    def _names(cls, codes: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for name, table in codes.items():
            if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
                raise ValueError(f"code map {name!r}: only a-z, 0-9 and _")
            read: dict[str, tuple[str, str]] = {}
            for key, meant in table.items():
                other, before = read.setdefault(folded(key), (key, meant))
                if before != meant:
                    raise ValueError(f"code map {name!r}: {other!r} and {key!r} differ in case or accents alone")
        return codes

    @property
    def id(self) -> str:
        """Register id."""
        return self.register_.id

    @property
    def sections(self) -> list[int]:
        """Every section that its records fill, ascending; those of damaged alerts and records of a standard too."""
        found = {SECTIONS[r.section] for r in self.record}
        for record in self.record:
            if record.alert is not None or record.clearance:
                vehicle = SECTIONS[record.section] >= FIRST_VEHICLE_SECTION
                found.add(SECTIONS["vehicle_damaged_record" if vehicle else "damaged_record"])
        return sorted(found)

    def needed_sections(self, kind: Literal["person", "vehicle"]) -> list[int]:
        """Sections that it fills, open, as alert or identity: a grant that hides one makes the register WITHHELD."""
        roles = self.register_.roles.person if kind == "person" else self.register_.roles.vehicle
        identity = ("identity",) if kind == "person" else ("vehicle_registration", "plate_assignment")
        found = set()
        for record in self.record:
            if (SECTIONS[record.section] >= FIRST_VEHICLE_SECTION) != (kind == "vehicle"):
                continue
            if record.sensitivity.const not in (None, "OPEN", "SENSITIVITY_OPEN"):
                continue
            is_alert = record.alert is not None and not record.alert.protected
            if ("alert" in roles and is_alert) or ("identity" in roles and record.section in identity):
                found.add(SECTIONS[record.section])
        return sorted(found)

    def entry(self, ordinal: int) -> dict[str, Any]:
        """The register's fixed part of its entry in MANIFEST.json."""
        kinds = enum_numbers(ENUMS["alert_kind"])
        return {
            "ordinal": ordinal,
            "id": self.id,
            "name": self.register_.name,
            "owner": self.register_.owner,
            "contact": self.register_.contact,
            "roles": {"person": list(self.register_.roles.person), "vehicle": list(self.register_.roles.vehicle)},
            "identifies": list(self.register_.identifies),
            "sections": self.sections,
            "needed_sections": {kind: self.needed_sections(kind) for kind in ("person", "vehicle")},
            "authoritative_for": sorted(kinds[name] for name in self.register_.authoritative_for),
            "standards": list(self.register_.standards),
            "stale_after_s": self.register_.stale_after_seconds,
        }
