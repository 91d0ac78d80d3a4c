"""Manifests of kind "incident" and "population": what a publisher's files are called, and what their headers mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from core.documents import toml_of
from core.files.regular_file import read_file
from core.mart import vocabulary
from core.mart.layout import MORE_COLUMNS, OWN_FACTS, Fact
from indexer.manifest.loading import ManifestError

FIELDS = (
    "record_id",
    "date",
    "year",
    "month",
    "day",
    "hour",
    "municipality",
    "department",
    "town",
    "zone",
    "offence",
    "offence_2",
    "offence_3",
    "sex",
    "age",
    "relation",
    "mechanism",
    "step",
    "suspects",
    "purpose",
    "method",
    "level",
    "hit",
    "count",
)
"""The possible meanings of a file's column. municipality: INE code of four digits; department and town: its two halves.
"""

OFFENCE_FIELDS = ("offence", "offence_2", "offence_3")
MAPPED = {
    "sex": vocabulary.SEXES,
    "mechanism": vocabulary.MECHANISMS,
    "relation": vocabulary.RELATIONS,
    "step": vocabulary.STEPS,
    "purpose": vocabulary.PURPOSES,
    "method": vocabulary.METHODS,
    "level": vocabulary.LEVELS,
    "hit": vocabulary.HITS,
}
"""Field -> the codes that a manifest's [values] may map its texts to; "" = nothing is known."""
SHIPPED = Path(__file__).parent / "sources"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IncidentManifest(_Strict):
    """A source of facts."""

    kind: Literal["incident"]
    id: str = Field(pattern=r"\A[a-z][a-z0-9_]{1,39}\z")
    institution: str
    title: str
    fact: Fact
    primary: bool = False  # asked where a question names no source
    files: str  # regular expression of the path below the sources' directory, with groups `year` and `delivered`
    offences: str = ""  # name of the map of its offences: a table of indexer/mart/data
    counts: str  # what is counted, in Spanish, for those who compare two sources
    date_basis: Literal["occurred", "registered", "step"] = "occurred"
    stale_after_days: int = Field(45, ge=1)
    shrink_limit_percent: int = Field(20, ge=0, le=100)  # units that a year's delivery may have fewer than the last one
    columns: dict[str, list[str]]
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    demo: list[str] = Field(default_factory=list)

    @field_validator("files")
    @classmethod
    def _names_year_and_day(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        if not {"year", "delivered"} <= set(groups):
            raise ValueError("has groups (?P<year>...) and (?P<delivered>...)")
        return pattern

    @model_validator(mode="after")
    def _agrees(self) -> IncidentManifest:
        unknown = sorted(set(self.columns) - set(FIELDS))
        if unknown:
            raise ValueError(f"columns.{unknown[0]}: is none of {', '.join(FIELDS)}")
        if "date" not in self.columns and not {"year", "month"} <= set(self.columns):
            raise ValueError("columns: date, or year and month")
        misplaced = sorted(
            {name for more in MORE_COLUMNS.values() for name in more}
            & set(self.columns) - set(MORE_COLUMNS.get(self.fact, {}))
        )
        if misplaced:
            raise ValueError(f"columns.{misplaced[0]}: {self.fact} has none")
        if self.own and any(name in self.columns for name in OFFENCE_FIELDS):
            raise ValueError(f"columns: {self.fact} has no offences")
        if not self.own and "municipality" not in self.columns and not {"department", "town"} <= set(self.columns):
            raise ValueError("columns: municipality, or department and town")
        if not self.own and "offence" not in self.columns:
            raise ValueError("columns: offence")
        for field, texts in self.values.items():
            if field not in MAPPED:
                raise ValueError(f"values.{field}: is none of {', '.join(MAPPED)}")
            wrong = sorted(set(texts.values()) - set(MAPPED[field]) - {""})
            if wrong:
                raise ValueError(f"values.{field}: {wrong[0]!r} is none of {', '.join(MAPPED[field])}")
        return self

    @property
    def own(self) -> bool:
        """True if Ronda counts it itself: read from its own directory, never from a delivered file."""
        return self.fact in OWN_FACTS

    @property
    def required(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """The required fields of a file: of each entry one of its alternatives, whole."""
        given = tuple(((field,),) for field in ("record_id", "count", "step", "offence") if field in self.columns)
        place = () if self.own else ((("municipality",), ("department", "town")),)
        return ((("date",), ("year", "month")), *place, *given)


class PopulationManifest(_Strict):
    """Persons by municipality and year."""

    kind: Literal["population"]
    id: str
    institution: str
    title: str
    file: str
    columns: dict[Literal["municipality", "year", "population"], list[str]]
    demo: list[str] = Field(default_factory=list)


AnyManifest = Annotated[IncidentManifest | PopulationManifest, Field(discriminator="kind")]
_ANY: TypeAdapter[Any] = TypeAdapter(AnyManifest)


def load_sources(directory: Path) -> list[IncidentManifest | PopulationManifest]:
    """Every *.toml of a directory, by id. Raises ManifestError."""
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise ManifestError(directory, "", "holds no manifest (*.toml)")
    found: dict[str, IncidentManifest | PopulationManifest] = {}
    for file in files:
        try:
            manifest = _ANY.validate_python(toml_of(read_file(file)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"][1:])
            raise ManifestError(file, key, first["msg"]) from None
        except (OSError, ValueError) as error:
            raise ManifestError(file, "", str(error)) from None
        if manifest.id in found:
            raise ManifestError(file, "id", f"{manifest.id!r} is taken by another manifest")
        found[manifest.id] = manifest
    _one_primary_each(directory, found.values())
    return sorted(found.values(), key=lambda each: each.id)


def _one_primary_each(directory: Path, manifests: Any) -> None:
    primary: set[str] = set()
    for manifest in manifests:
        if isinstance(manifest, IncidentManifest) and manifest.primary:
            if manifest.fact in primary:
                raise ManifestError(directory, "primary", f"two manifests are primary for {manifest.fact}")
            primary.add(manifest.fact)
