"""The fields of each section's message: their types, and what fills those that a manifest does not name.

Types come from the contract's descriptors, so a new field of proto/ronda/v1 needs no code here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from ronda.v1 import alert_pb2, level_pb2, person_pb2, section_pb2, value_pb2, vehicle_pb2

FieldKind = Literal["text", "int", "money", "bool", "enum", "date", "message"]

SECTIONS: dict[str, int] = {
    name.removeprefix("SECTION_").lower(): number for name, number in section_pb2.Section.items() if number
}
SECTION_NAMES: dict[int, str] = {number: name for name, number in SECTIONS.items()}
FIRST_VEHICLE_SECTION = 32
COMPUTED_SECTIONS = ("damaged_record", "vehicle_damaged_record")

ENUMS: dict[str, EnumDescriptor] = {
    "alert_kind": alert_pb2.AlertKind.DESCRIPTOR,
    "alert_state": alert_pb2.AlertState.DESCRIPTOR,
    "caution": level_pb2.CautionFlag.DESCRIPTOR,
    "sensitivity": section_pb2.Sensitivity.DESCRIPTOR,
    "sex": value_pb2.Sex.DESCRIPTOR,
}

# Fields that a manifest may not name: the indexer computes them.
COMPUTED_FIELDS = ("record", "identifier_valid", "vin_check_digit_valid", "attributes")

# Message -> field -> what fills it when [record.fields] does not name it.
DEFAULTS: dict[str, dict[str, str]] = {
    "IdentityClaim": {
        "cui": "subject.cui",
        "cedula": "subject.cedula",
        "nit": "subject.nit",
        "document": "subject.document",
        "name": "subject.name",
        "birth_date": "subject.birth_date",
        "sex": "subject.sex",
        "birth_department": "subject.birth_department",
        "birth_municipality": "subject.birth_municipality",
        "death_date": "subject.death_date",
        "father_name": "subject.father_name",
        "mother_name": "subject.mother_name",
    },
    "Address": {"department": "subject.residence_department"},
    "Telephone": {"number": "subject.telephone"},
    "Warrant": {
        "court": "alert.authority",
        "offence": "alert.offence",
        "issued": "alert.issued",
        "state": "alert.state",
        "state_date": "alert.state_date",
        "name": "subject.full_name",
    },
    "TravelBan": {
        "authority": "alert.authority",
        "valid_from": "alert.valid_from",
        "valid_to": "alert.valid_to",
        "state": "alert.state",
    },
    "ProtectionOrder": {
        "role": "alert.protected",
        "court": "alert.authority",
        "valid_from": "alert.valid_from",
        "valid_to": "alert.valid_to",
        "state": "alert.state",
    },
    "MissingReport": {"state": "alert.state", "authority": "alert.authority"},
    "PrisonStay": {"offence": "alert.offence"},
    "DocumentAlert": {"reported": "record.date", "state": "alert.state"},
    "DiscreetAlert": {"valid_from": "alert.valid_from", "valid_to": "alert.valid_to", "state": "alert.state"},
    "Detention": {"date": "record.date", "certificate_visible": "record.certificate_visible"},
    "Sentence": {"date": "record.date", "certificate_visible": "record.certificate_visible"},
    "Complaint": {"date": "record.date"},
    "PoliceRecord": {"date": "record.date", "certificate_visible": "record.certificate_visible"},
    "Fine": {"date": "record.date"},
    "BorderCrossing": {"date": "record.date"},
    "Licence": {"number": "subject.licence"},
    "TaxRegistration": {"nit": "subject.nit", "name": "subject.full_name"},
    "OwnedVehicle": {
        "plate": "subject.plate",
        "type": "subject.vehicle_type",
        "make": "subject.make",
        "line": "subject.line",
        "model_year": "subject.model_year",
        "colour": "subject.colour",
        "valid_from": "subject.valid_from",
        "valid_to": "subject.valid_to",
    },
    "OtherRecord": {"date": "record.date", "state": "alert.state"},
    "VehicleRegistration": {
        "type": "subject.vehicle_type",
        "make": "subject.make",
        "line": "subject.line",
        "model_year": "subject.model_year",
        "colour": "subject.colour",
        "vin": "subject.vin",
        "chassis": "subject.chassis",
        "engine": "subject.engine",
    },
    "PlateAssignment": {
        "plate": "subject.plate",
        "country": "subject.plate_country",
        "valid_from": "subject.valid_from",
        "valid_to": "subject.valid_to",
    },
    "Owner": {
        "name": "subject.full_name",
        "share_percent": "subject.share",
        "valid_from": "subject.valid_from",
        "valid_to": "subject.valid_to",
    },
    "VehicleAlert": {
        "kind": "alert.kind",
        "reported": "record.date",
        "state": "alert.state",
        "state_date": "alert.state_date",
    },
}

# Owner: only these are stored, the others are computed when answering.
OWNER_STORED_FIELDS = ("record", "name", "share_percent", "valid_from", "valid_to")


class MessageField(NamedTuple):
    """One field that a manifest may fill."""

    number: int
    name: str
    kind: FieldKind
    optional: bool
    enum: EnumDescriptor | None
    message: Descriptor | None


def section_message(section: str) -> Descriptor:
    """The message of a section. Raises KeyError for a name that is no section."""
    number = SECTIONS[section]
    holder = person_pb2.Person if number < FIRST_VEHICLE_SECTION else vehicle_pb2.Vehicle
    message = holder.DESCRIPTOR.fields_by_number[number].message_type
    return cast(Descriptor, message)


def is_vehicle_section(section: str) -> bool:
    """Returns whether the section belongs to a vehicle's dossier."""
    return SECTIONS[section] >= FIRST_VEHICLE_SECTION


def message_fields(message: Descriptor) -> dict[str, MessageField]:
    """The fields of a message by name, in ascending number."""
    return {f.name: _message_field(f) for f in sorted(message.fields, key=lambda f: f.number)}


def _message_field(field: FieldDescriptor) -> MessageField:
    kind: FieldKind
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        kind = "date" if field.message_type is value_pb2.PartialDate.DESCRIPTOR else "message"
    elif field.type == FieldDescriptor.TYPE_STRING:
        kind = "text"
    elif field.type == FieldDescriptor.TYPE_BOOL:
        kind = "bool"
    elif field.type == FieldDescriptor.TYPE_ENUM:
        kind = "enum"
    else:
        kind = "money" if field.name.endswith("_centavos") else "int"
    return MessageField(field.number, field.name, kind, field.has_presence, field.enum_type, field.message_type)


def enum_prefix(enum: EnumDescriptor) -> str:
    """The prefix that buf's STANDARD rules give an enum's values: AlertState -> ALERT_STATE_."""
    return str(enum.values_by_number[0].name).removesuffix("UNSPECIFIED")


def enum_numbers(enum: EnumDescriptor) -> dict[str, int]:
    """Number of each value, by its full and by its short name ("ALERT_STATE_PENDING" and "PENDING")."""
    prefix = enum_prefix(enum)
    numbers = {}
    for value in enum.values:
        if value.number:
            numbers[value.name] = numbers[value.name.removeprefix(prefix)] = value.number
    return numbers
