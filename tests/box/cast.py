"""The persons and vehicles that the lines are about, in registers that are built and asked.

cast.json and lines.tsv were written by somebody who did not know how the box reads, before it did; more_lines.tsv by
another, after it read those: of these 200 it read 26 otherwise than meant at first.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from indexer.build.options import BuildOptions
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of

HERE = Path(__file__).parent
NOW_MS = 1_796_040_000_000  # 2026-11-30, the day on which the ages were written

_HEAD = """
[register]
id = "{id}"
name = "{id}"
owner = "{id}"
contact = "tel. 110"
order = {order}
roles = {{ {roles} }}
{more}
stale_after = "20000d"

[[source]]
name = "filas"
format = "csv"
path = "{id}.csv"
as_of = {{ from = "mtime" }}
may_be_empty = true
"""
_PERSON = 'cui = "cui"\nfull_name = "name"\nbirth_date = "born"\nsex = { column = "sex", codes = "sex" }'
_SEX = '\n[codes.sex]\nM = "MALE"\nF = "FEMALE"\n'
_PAPER = 'document_country = "country"\ndocument_number = "number"\n'
_VEHICLE = 'plate = "plate"\nplate_type = "type"\nvin = "vin"\nengine = "engine"'
_SEEN = 'make = "make"\nline = "line"\ncolour = "colour"\nmodel_year = "year"'


def _record(section: str, subject: str, more: str = "", when: str = "") -> str:
    return f"""
[[record]]
source = "filas"
section = "{section}"
record_id = "id"
{when}

[record.subject]
{subject}

{more}"""


_ALERT = '[record.alert]\nkind = "{}"\nstate = "PENDING"\n'
_REGISTERS = {
    "renap": (
        'person = ["identity"]',
        'identifies = ["cui", "cedula"]',
        _SEX + _record("identity", _PERSON + '\ncedula = "cedula"'),
    ),
    "sat": (
        'person = ["identity"], vehicle = ["identity"]',
        'identifies = ["nit", "plate", "vin"]',
        _SEX
        + _record("identity", _PERSON + '\nnit = "nit"', when='when = { column = "nit", present = true }')
        + _record("vehicle_registration", f"{_VEHICLE}\n{_SEEN}", when='when = { column = "plate", present = true }')
        + _record("plate_assignment", _VEHICLE, when='when = { column = "plate", present = true }')
        + _record(
            "owner", _VEHICLE + '\ncui = "cui"\nfull_name = "name"', when='when = { column = "plate", present = true }'
        ),
    ),
    "transito": (
        'person = ["identity"]',
        'identifies = ["licence"]',
        _SEX + _record("licence", _PERSON + '\nlicence = "licence"'),
    ),
    "migracion": (
        'person = ["identity"]',
        'identifies = ["document", "foreign_document"]',
        _SEX + _record("identity", _PERSON + "\n" + _PAPER),
    ),
    "oj": ('person = ["alert"]', "", _SEX + _record("warrant", _PERSON + "\n" + _PAPER, _ALERT.format("WARRANT"))),
    "rvr": ('vehicle = ["alert"]', "", _record("vehicle_alert", _VEHICLE, _ALERT.format("STOLEN_VEHICLE"))),
}


@dataclass(frozen=True)
class Line:
    """A typed line, and its meaning."""

    text: str
    reach: str  # of the cast; "none" = nobody on file, "refuse" = two things, or nothing that can be known
    kind: str
    also: str
    seen: str
    note: str


def lines(name: str = "lines") -> list[Line]:
    """All of one list, as they stand in the file."""
    rows = (HERE / f"{name}.tsv").read_text(encoding="utf-8").split("\n")[1:]
    return [Line(*row.split("\t")) for row in rows if row]


class Cast:
    """A generation of the cast, and an engine over it."""

    def __init__(self, directory: Path) -> None:
        told = json.loads((HERE / "cast.json").read_text(encoding="utf-8"))
        self.persons: list[dict[str, Any]] = told["persons"]
        self.vehicles: list[dict[str, Any]] = told["vehicles"]
        self.data = directory / "data"
        self._write(directory)
        build(
            BuildOptions(data=self.data, sources=directory / "sources", manifests=directory / "manifests", quiet=True)
        )
        self.engine = Engine(Generation.open(self.data / "generations" / str(current_generation(self.data))))

    def _write(self, directory: Path) -> None:
        (directory / "sources").mkdir(parents=True)
        (directory / "manifests").mkdir()
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _REGISTERS}
        names = {each["id"]: each for each in self.persons}
        for person in self.persons:
            cells = {"id": person["id"], **_cells(person)}
            passport = {"country": person["passport_country"], "number": person["passport"]}
            if person["cui"]:
                rows["renap"].append(cells | {"cedula": person["cedula"]})
            if person["nit"]:
                rows["sat"].append(cells | {"nit": person["nit"]})
            if person["licence"]:
                rows["transito"].append(cells | {"licence": person["licence"]})
            if person["passport"]:
                rows["migracion"].append(cells | passport)
            if person["foreign_id"]:
                foreign = {"country": person["passport_country"], "number": person["foreign_id"]}
                rows["migracion"].append(cells | foreign | {"id": person["id"] + "-id"})
            if person["listed"]:
                rows["oj"].append(cells | passport)
                if person["foreign_id"]:
                    rows["oj"].append(cells | foreign | {"id": person["id"] + "-id"})
        rows["renap"] += _others()
        for vehicle in self.vehicles:
            owner = _cells(names[vehicle["owner"]])
            cells = {name: vehicle[name] for name in ("id", "plate", "engine", "make", "line", "colour", "year")}
            cells |= {"type": vehicle["plate_type"], "vin": vehicle["vin"] or vehicle["chassis"]}
            rows["sat"].append(cells | {"cui": owner["cui"], "name": owner["name"]})
            if vehicle["listed"]:
                rows["rvr"].append(cells)
        for order, (name, (roles, more, records)) in enumerate(_REGISTERS.items(), 1):
            text = _HEAD.format(id=name, order=order, roles=roles, more=more) + records
            (directory / "manifests" / f"{name}.toml").write_text(text, encoding="utf-8")
            header = sorted({column for row in rows[name] for column in row})
            with (directory / "sources" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, header, restval="")
                writer.writeheader()
                writer.writerows(rows[name])

    def check(self, text: str) -> checks.CheckResponse:
        """Raises QuestionError."""
        found: checks.CheckResponse = self._ask(checks.CheckRequest(query=text))
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """Ids of the cast by subject id; who is known by two numbers of other countries is two subjects."""
        found: dict[str, str] = {}
        for person in self.persons:
            asked = checks.CheckPersonRequest(cui=person["cui"])
            if not person["cui"]:
                asked.document.country, asked.document.number = person["passport_country"], person["passport"]
            found[self._ask(asked).person.subject_id] = person["id"]
            if person["foreign_id"]:
                asked.document.number = person["foreign_id"]
                found[self._ask(asked).person.subject_id] = person["id"]
        for vehicle in self.vehicles:
            asked_plate = checks.CheckVehicleRequest(plate=f"{vehicle['plate_type']}-{vehicle['plate']}")
            found[self._ask(asked_plate).vehicle.subject_id] = vehicle["id"]
        assert "" not in found
        return found

    def _ask(self, request: Any) -> Any:
        method = type(request).__name__.removesuffix("Request")
        kind = getattr(checks, f"{method}Response")
        answer = self.engine.answer(METHODS[method], request.SerializeToString(), Grant.everything(), NOW_MS)
        return kind.FromString(answer)


_GIVEN = ("JUANA", "PEDRO", "CARLOS", "ANA", "MIGUEL", "SOFIA", "DIEGO", "LUCIA", "HUGO", "IRMA", "SAUL", "ELSA")
_SURNAMES = ("LOPEZ", "GARCIA", "MORALES", "GOMEZ", "CASTILLO", "REYES", "TZUL", "IXCOY", "BATZ", "POP", "COY", "XOL")


def _others() -> list[dict[str, str]]:
    """A town, so that a name tells what it tells where many live; nobody has a name of the cast."""
    return [
        {
            "id": f"t{at}",
            "cui": cui_of(at + 1),
            "name": f"{_GIVEN[at % 12]} {_GIVEN[at // 12 % 12]} {_SURNAMES[at // 3 % 12]} {_SURNAMES[at // 7 % 12]}",
            "born": f"19{50 + at % 50}-0{1 + at % 9}-1{at % 10}",
            "sex": "MF"[at % 2],
        }
        for at in range(2000)
    ]


def _cells(person: dict[str, Any]) -> dict[str, str]:
    words = [person[name] for name in ("first", "second", "third", "surname1", "surname2", "married") if person[name]]
    return {"cui": person["cui"], "name": " ".join(words), "born": person["born"], "sex": person["sex"]}
