"""The standard record: what every register becomes before linking.

A register's row yields one or more standard records, staged as Parquet with `STANDARD_SCHEMA` by
`indexer.standardise.standardiser` and joined to its subject by `indexer.linking.stage`, which adds `LINK_FIELDS`.
Days are days since 1970-01-01 of the Guatemalan calendar; null = unknown.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

SUBJECT_PERSON = 1
SUBJECT_VEHICLE = 2
SUBJECT_PLATE = 3

CLEARANCE_CERTIFICATE = 4
CLEARANCE_POLICE = 8
CLEARANCE_CRIMINAL = 16
CLEARANCE_RENAS = 32

ALERT_MISUSE = 1
ALERT_ARMED = 2
ALERT_UNREAD = 4  # the row shows a number of a person that could not be read
ALERT_BIRTH_TURNED = 8  # a birth date that only the other order than the source's gives: its year is certain
ALERT_BIRTH_DOUBTED = 16  # a birth date that can hardly be the subject's (docs/answers.md section 5)
ALERT_PROTECTED = 64  # not an alert: the protected side of an order; state and dates are filled

_STANDARD_FIELDS: list[pa.Field[Any]] = [
    # what and where from
    pa.field("register", pa.uint8(), False),  # ordinal in configuration order
    pa.field("section", pa.uint8(), False),  # ronda.v1.Section
    pa.field("record_id", pa.string(), False),
    pa.field("version", pa.int32(), False),
    pa.field("row", pa.int64(), False),  # 1-based row of the source, for messages and ties
    pa.field("subject", pa.uint8(), False),  # SUBJECT_*
    pa.field("sort_day", pa.int32()),  # newest first within a section
    pa.field("sensitivity", pa.uint8(), False),  # ronda.v1.Sensitivity, never 0
    pa.field("clearance", pa.uint8(), False),  # CLEARANCE_* bits
    pa.field("payload", pa.binary(), False),  # the section's message, record reference first, without tag
    # the person that it is about, or the owner in section OWNER
    pa.field("cui", pa.string()),  # 13 digits
    pa.field("cui_valid", pa.bool_(), False),  # false: it fails its check digit; true when there is none
    pa.field("document_country", pa.string()),  # ISO alpha-3
    pa.field("document_number", pa.string()),  # upper-case alphanumerics
    pa.field("nit", pa.string()),  # canonical, no hyphen; a 13-digit NIT that is a CUI goes to `cui` too
    pa.field("licence", pa.string()),  # upper-case alphanumerics
    pa.field("cedula", pa.string()),  # "A-1 123456"
    pa.field("telephone", pa.string()),  # 8 digits
    pa.field("organisation", pa.bool_(), False),
    pa.field("name", pa.string()),  # as an officer reads it
    pa.field("name_key", pa.string()),  # docs/answers.md section 2
    pa.field("name_text", pa.string()),  # its parts told apart (core/names/reading.pxd); null when name_key is
    pa.field("birth_year", pa.int16()),
    pa.field("birth_month", pa.int8()),
    pa.field("birth_mday", pa.int8()),
    pa.field("about_year", pa.int16()),  # birth year from an apparent age
    pa.field("sex", pa.uint8(), False),
    pa.field("birth_department", pa.uint8(), False),  # INE 1 to 22; 0 = unknown
    pa.field("residence_department", pa.uint8(), False),
    pa.field("father", pa.string()),  # name, null when it holds no token
    pa.field("mother", pa.string()),
    pa.field("death_day", pa.int32()),  # 0 = dead, day not known whole
    # the vehicle or plate
    pa.field("plate_type", pa.string()),  # "P"; null = unknown
    pa.field("plate", pa.string()),  # "123BCD"
    pa.field("plate_country", pa.string()),  # ISO alpha-3; "GTM" where the register says nothing
    pa.field("vin", pa.string()),  # VIN
    pa.field("chassis", pa.string()),  # where it is no VIN
    pa.field("engine", pa.string()),
    pa.field("make", pa.string()),
    pa.field("line", pa.string()),
    pa.field("colour", pa.string()),
    pa.field("model_year", pa.int16()),
    pa.field("vehicle_type", pa.string()),
    pa.field("valid_from", pa.int32()),  # plate assignment, ownership
    pa.field("valid_to", pa.int32()),  # earliest possible first, latest possible last day
    pa.field(
        "valid_from_span", pa.int16()
    ),  # days by which it may be otherwise; null = none, 32767 = it may be any day
    pa.field("valid_to_span", pa.int16()),
    pa.field("share", pa.uint8(), False),  # percent owned; 0 = not stated
    # the alert
    pa.field("alert_kind", pa.uint8(), False),  # ronda.v1.AlertKind; 0 = no alert
    pa.field("alert_state", pa.uint8(), False),  # ronda.v1.AlertState
    pa.field("alert_flags", pa.uint8(), False),  # ALERT_*
    pa.field("alert_from", pa.int32()),
    pa.field("alert_to", pa.int32()),
    pa.field("alert_from_span", pa.int16()),  # as valid_from_span
    pa.field("alert_to_span", pa.int16()),
    pa.field("state_date", pa.int32(), False),  # yyyymmdd; 0 = not known whole
    pa.field("state_date_parts", pa.binary()),  # PartialDate encoded, for HitSource
    pa.field("issued_day", pa.int32()),
    # the day of the state, and that of issue, else the record's (no alert: where sort_day is null): the earliest
    # that it may be, and days by which it may be later (null = none); null and 32767 = any day; both null = not stated
    pa.field("state_first", pa.int32()),
    pa.field("state_span", pa.int16()),
    pa.field("issued_first", pa.int32()),
    pa.field("issued_span", pa.int16()),
    pa.field("merge_key", pa.string()),  # null = an alert of its own
    pa.field("hit_payload", pa.binary()),  # Hit fields 8 to 13 encoded: cautions, offence, issued, dates, authority
]
STANDARD_SCHEMA = pa.schema(_STANDARD_FIELDS)

LINK_FIELDS: list[pa.Field[Any]] = [
    pa.field("entity", pa.uint32(), False),  # subject that the record joins
    pa.field("link_criterion", pa.uint8(), False),  # ronda.v1.Criterion by which; 0 = the record's own subject
    # ronda.v1.Level; 0 = by section 4 of docs/answers.md, when assembling; 1 = so, POSSIBLE at most
    pa.field("link_level", pa.uint8(), False),
    pa.field("link_agrees", pa.binary()),  # one byte a ronda.v1.Criterion, for links by name (level not 0)
    pa.field("link_disagrees", pa.binary()),
    pa.field("owner_entity", pa.uint32()),  # section OWNER: the owner's entity; null = unknown owner
    pa.field("owner_level", pa.uint8(), False),  # section OWNER: level of that link (section 4); 0 elsewhere
]

# Sorted by entity; what the assembler (core.assembly.assembler) reads, together with ENTITY_SCHEMA sorted the same way.
LINKED_SCHEMA = pa.schema([*_STANDARD_FIELDS, *LINK_FIELDS])

_ENTITY_FIELDS: list[pa.Field[Any]] = [
    # 0, 1, 2...: persons by (birth day, unknown first; subject_id), then vehicles and plates by subject_id
    pa.field("entity", pa.uint32(), False),
    pa.field("kind", pa.uint8(), False),  # core.generation.dossier ENTITY_*
    pa.field("subject_id", pa.binary(16), False),  # keyed BLAKE2b-128 of the canonical identifier
    pa.field("homonyms", pa.int32()),  # null = not set
    pa.field("name_only_alerts", pa.int32()),
    # bits of those: 1 = one reaches the alert score, as it does for more than fifty; 2 = one names nobody else on file
    pa.field("name_only_flags", pa.uint8(), False),
]
ENTITY_SCHEMA = pa.schema(_ENTITY_FIELDS)
