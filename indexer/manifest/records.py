"""Records of a manifest: the facts of one row, its subject, and its alert if it is one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from indexer.manifest.values import ColumnOrValue, Condition, Conditions, ConstantOrValue, Flag, ManifestModel

Standard = Literal["police", "criminal", "renas"]
NamePart = Literal[
    "first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname", ""
]


class Subject(ManifestModel):
    """The subject of the record. In section owner: the vehicle, and the person who owns it."""

    # the person
    cui: ColumnOrValue | None = None
    cedula: ColumnOrValue | None = None
    nit: ColumnOrValue | None = None
    document_country: ColumnOrValue | None = None
    document_number: ColumnOrValue | None = None
    licence: ColumnOrValue | None = None
    telephone: ColumnOrValue | None = None
    organisation: Flag = False
    first_given: ColumnOrValue | None = None
    second_given: ColumnOrValue | None = None
    third_given: ColumnOrValue | None = None
    first_surname: ColumnOrValue | None = None
    second_surname: ColumnOrValue | None = None
    married_surname: ColumnOrValue | None = None
    full_name: ColumnOrValue | None = None
    name_order: Literal["as_written", "surname_first"] = "as_written"
    comma_parts: tuple[NamePart, ...] = ()
    birth_date: ColumnOrValue | None = None
    about_age: ColumnOrValue | None = None
    sex: ColumnOrValue | None = None
    birth_department: ColumnOrValue | None = None
    birth_municipality: ColumnOrValue | None = None
    residence_department: ColumnOrValue | None = None
    father_name: ColumnOrValue | None = None
    mother_name: ColumnOrValue | None = None
    death_date: ColumnOrValue | None = None
    dead: Flag = False
    # the vehicle or plate
    plate: ColumnOrValue | None = None
    plate_type: ColumnOrValue | None = None
    plate_country: ColumnOrValue | None = None
    vin: ColumnOrValue | None = None
    chassis: ColumnOrValue | None = None
    engine: ColumnOrValue | None = None
    make: ColumnOrValue | None = None
    line: ColumnOrValue | None = None
    colour: ColumnOrValue | None = None
    model_year: ColumnOrValue | None = None
    vehicle_type: ColumnOrValue | None = None
    valid_from: ColumnOrValue | None = None
    valid_to: ColumnOrValue | None = None
    share: ColumnOrValue | None = None

    @model_validator(mode="after")
    def _whole(self) -> Subject:
        if self.comma_parts and self.full_name is None:
            raise ValueError("comma_parts needs full_name")
        if self.plate_type is not None and self.plate is None:
            raise ValueError("plate_type needs plate")
        if self.document_country is not None and self.document_number is None:
            raise ValueError("document_country needs document_number")
        return self


class Offence(ManifestModel):
    """The offence or cause, as code and Spanish text."""

    code: ColumnOrValue | None = None
    text: ColumnOrValue | None = None


class Caution(Condition):
    """A warning that holds when the cell says so."""

    flag: str


class Alert(ManifestModel):
    """Makes the record a reason to act; with `protected`, the protected side of an order, which is none."""

    kind: ConstantOrValue | None = None
    state: ConstantOrValue
    state_date: ColumnOrValue | None = None
    valid_from: ColumnOrValue | None = None
    valid_to: ColumnOrValue | None = None
    issued: ColumnOrValue | None = None
    court: ColumnOrValue | None = None
    merge_key: tuple[ColumnOrValue, ...] = ()
    authority: ColumnOrValue | None = None
    offence: Offence = Offence()
    cautions: tuple[Caution, ...] = ()
    misuse: Flag = False
    protected: bool = False

    @model_validator(mode="after")
    def _kind_or_protected(self) -> Alert:
        if self.protected == (self.kind is not None):
            raise ValueError("give kind, or protected = true, not both")
        if self.court is not None and not self.merge_key:
            raise ValueError("court is a part of the merge key: give merge_key too")
        return self


def _field_value(value: Any) -> Any:
    """{ code = ..., text = ... } is a nested message; everything else a value or a condition."""
    return {"column": value} if isinstance(value, str) else value


FieldValue = Annotated[ColumnOrValue | Condition | dict[str, ColumnOrValue], BeforeValidator(_field_value)]


class Record(ManifestModel):
    """One kind of standard record that a row of a source yields."""

    source: str
    section: str
    when: Conditions = ()
    record_id: ColumnOrValue | None = None
    version: ColumnOrValue | None = None
    date: ColumnOrValue | None = None
    sensitivity: ConstantOrValue = Field(default={"const": "OPEN"}, validate_default=True)
    clearance: tuple[Standard, ...] = ()
    certificate_visible: Flag = True
    require: tuple[str, ...] = ()
    subject: Subject
    fields: dict[str, FieldValue] = Field(default_factory=dict)
    attributes: dict[str, ColumnOrValue] = Field(default_factory=dict)
    alert: Alert | None = None
