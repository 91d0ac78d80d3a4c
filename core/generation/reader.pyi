"""A dossier's tables for Python (core/generation/dossier.pxd draws the bytes)."""

from enum import IntEnum
from typing import NamedTuple

from typing_extensions import disjoint_base

class EntityKind(IntEnum):
    """The kind of subject of a dossier: ENTITY_* of core/generation/dossier.pxd."""

    PERSON = 1
    ORGANISATION = 2
    UNIDENTIFIED = 3
    VEHICLE = 4
    PLATE = 5

class Alert(NamedTuple):
    """An alert as it is stored: what the clock changes is not applied."""

    kind: int  # ronda.v1.AlertKind
    link_level: int  # ronda.v1.Level: HIT or POSSIBLE
    section: int  # ronda.v1.Section of its records
    state: int  # ronda.v1.AlertState that counts
    sensitivity: int  # ronda.v1.Sensitivity
    hit: bytes  # stored fields of ronda.v1.Hit, encoded

class Identifier(NamedTuple):
    """An identifier as a register states it. A day is days since 1970-01-01; None = unknown, or of no plate."""

    kind: int  # IdentifierKind
    text: str  # canonical; of a plate "P-123BCD|GTM", "?-123BCD|GTM" where its type is not known
    section: int
    sensitivity: int
    valid_from: int | None
    valid_to: int | None

@disjoint_base
class DossierReader:
    """Reads a dossier that `Generation.dossier` has verified."""

    def __new__(cls, dossier: bytes) -> DossierReader:
        """Raises ValueError when the bytes are no dossier, or an entry points outside them."""

    @property
    def kind(self) -> EntityKind: ...
    @property
    def subject_id(self) -> bytes:
        """16 bytes."""
    @property
    def birth(self) -> tuple[int, int, int]:
        """Year, month and day of birth of the first identity claim with a year; 0 = unknown."""
    @property
    def homonyms(self) -> int | None:
        """Number of namesakes; None = not set."""
    @property
    def name_only_alerts(self) -> int | None: ...
    @property
    def name_only_flags(self) -> int:
        """NAME_ONLY_* bits of core/standard_record.toml."""
    def alerts(self) -> list[Alert]:
        """The alerts in stored order (docs/answers.md section 6)."""
    def identifiers(self) -> list[Identifier]:
        """The identifiers by kind; the same one once for each (section, sensitivity, dates) that states it."""
