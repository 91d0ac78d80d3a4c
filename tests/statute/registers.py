"""The registers of the statute's cases, in JSON lines with English keys: a case states the cells that matter to it."""

from __future__ import annotations

from collections.abc import Mapping

PERSON = """cui = "cui"
nit = "nit"
licence = "licence"
cedula = "cedula"
document_country = "country"
document_number = "passport"
full_name = "name"
birth_date = "born"
about_age = "age"
sex = { column = "sex", codes = "sex" }
father_name = "father"
mother_name = "mother"
residence_department = { column = "department" }
"""
VEHICLE = """plate = "plate"
plate_country = "plate_country"
vin = "vin"
chassis = "chassis"
engine = "engine"
make = "make"
line = "line"
colour = "colour"
model_year = "year"
"""
_ALERT = """[record.alert]
kind = "{kind}"
state = {{ column = "state", codes = "state" }}
state_date = "state_day"
issued = "issued"
valid_from = "from"
valid_to = "until"
"""
_WARRANT = _ALERT.format(kind="WARRANT") + 'authority = "court"\ncourt = "court"\nmerge_key = ["causa"]\n'
_CODES = """
[codes.state]
"" = "PENDING"
PENDING = "PENDING"
EXECUTED = "EXECUTED"
CANCELLED = "CANCELLED"

[codes.sex]
F = "FEMALE"
M = "MALE"
"""


def _register(id_: str, name: str, order: int, more: str) -> str:
    return f"""
[register]
id = "{id_}"
name = "{name}"
owner = "{name}"
contact = "tel. {order}"
order = {order}
stale_after = "30d"
{more}
[[source]]
name = "rows"
format = "jsonl"
path = "{id_}.jsonl"
as_of = {{ from = "mtime" }}
line = "line_number"
date_formats = ["yyyy-mm-dd"]
{_CODES}"""


def _record(kind: str, section: str, subject: str, more: str = "", alert: str = "") -> str:
    when = f'when = {{ column = "kind", in = ["{kind}"] }}\n' if kind else ""
    return f"""
[[record]]
source = "rows"
section = "{section}"
{when}record_id = "number"
date = "issued"
{more}
[record.subject]
{subject}
{alert}"""


def _told(kind: str, section: str, alert: str, subject: str = PERSON, more: str = "") -> str:
    return _record(kind, section, subject, more, _ALERT.format(kind=alert))


_STANDARD = 'clearance = ["{}"]\ncertificate_visible = {{ column = "certificate", in = ["yes"], others = ["no"] }}\n'
_PLACE = 'when = {{ column = "{0}", present = true }}\n'

MANIFESTS: Mapping[str, str] = {
    "renap": _register(
        "renap", "RENAP", 10, 'roles = { person = ["identity"] }\nidentifies = ["cui", "cedula", "document"]'
    )
    + _record("", "identity", PERSON + 'death_date = "died"\n')
    + _record("", "address", 'cui = "cui"\n', _PLACE.format("street"), '[record.fields]\nstreet = "street"\n')
    + _record("", "telephone", 'cui = "cui"\ntelephone = "telephone"\n', _PLACE.format("telephone")),
    "oj": _register(
        "oj",
        "OJ",
        20,
        'roles = { person = ["alert", "context"] }\nauthoritative_for = ["warrant"]\nstandards = ["criminal"]',
    )
    + _record("warrant", "warrant", PERSON, alert=_WARRANT)
    + _told("restrained", "protection_order", "PROTECTION_ORDER")
    + _record(
        "protected",
        "protection_order",
        PERSON,
        'sensitivity = "VICTIM"\n',
        _ALERT.format(kind="").replace('kind = ""', "protected = true"),
    )
    + _record("sentence", "sentence", PERSON, _STANDARD.format("criminal")),
    "sapo": _register("sapo", "SAPO", 30, 'roles = { person = ["alert", "context"] }\nstandards = ["police"]')
    + _record("warrant", "warrant", PERSON, alert=_WARRANT)
    + _told("escape", "prison", "ESCAPE")
    + _record("police record", "police_record", PERSON, _STANDARD.format("police")),
    "mp": _register("mp", "MP", 40, 'roles = { person = ["alert"], vehicle = ["alert"] }')
    + _told("missing person", "missing_person", "MISSING_PERSON")
    + _told("missing child", "missing_person", "MISSING_CHILD")
    + _told("discreet", "discreet_alert", "DISCREET", more='sensitivity = "DISCREET"\n')
    + _told("stolen document", "document_alert", "DOCUMENT")
    + _record("misused identity", "document_alert", PERSON, alert=_ALERT.format(kind="DOCUMENT") + "misuse = true\n")
    + _told("stolen vehicle", "vehicle_alert", "STOLEN_VEHICLE", VEHICLE)
    + _told("stolen plate", "vehicle_alert", "STOLEN_PLATE", VEHICLE),
    "sat": _register(
        "sat",
        "SAT",
        50,
        'roles = { person = ["context"], vehicle = ["identity"] }\nidentifies = ["plate", "vin", "nit"]',
    )
    + _record("vehicle", "vehicle_registration", VEHICLE)
    + _record("vehicle", "plate_assignment", VEHICLE + 'valid_from = "from"\nvalid_to = "until"\n')
    + _record(
        "vehicle",
        "owner",
        'plate = "plate"\nplate_country = "plate_country"\nvin = "vin"\ncui = "owner_cui"\nnit = "owner_nit"\n'
        'full_name = "owner_name"\nvalid_from = "from"\nvalid_to = "until"\n',
    )
    + _record("taxpayer", "tax", PERSON),
    "transito": _register("transito", "Tránsito", 60, 'roles = { person = ["context"] }\nidentifies = ["licence"]')
    + _record("", "licence", PERSON),
    "migracion": _register(
        "migracion",
        "Migración",
        70,
        'roles = { person = ["alert", "context"] }\nidentifies = ["foreign_document"]\n'
        'authoritative_for = ["travel_ban"]',
    )
    + _record("crossing", "border_crossing", PERSON)
    + _told("travel ban", "travel_ban", "TRAVEL_BAN"),
}
"""Each register's manifest."""

# A register without a row is missing: each has rows that are in nobody's way.
FILLERS: Mapping[str, list[dict[str, str]]] = {
    "renap": [{"cui": "@filler", "name": "ZOSIMO FILADELFO QUIXTAN UZ", "born": "1931-02-03"}],
    "oj": [{"kind": "sentence", "cui": "@filler", "certificate": "no", "issued": "1990-01-02"}],
    "sapo": [{"kind": "police record", "cui": "@filler", "certificate": "no", "issued": "1990-01-02"}],
    "mp": [{"kind": "stolen vehicle", "plate": "P-000ZZZ"}],
    "sat": [{"kind": "vehicle", "plate": "P-001ZZZ", "vin": "3N1AB7AP5FY000000", "owner_name": ""}],
    "transito": [{"licence": "@filler", "cui": "@filler"}],
    "migracion": [{"kind": "crossing", "cui": "@filler", "issued": "1990-01-02"}],
}
