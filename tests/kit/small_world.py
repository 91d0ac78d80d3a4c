"""A few hand-written registers, built and served, for tests of what an answer says.

RENAP (identity, address), OJ (warrants), SAT (vehicles, owners), MP (protection orders, document reports).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.pipeline import build
from ronda.v1 import clearance_service_pb2 as clearance
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

Row = Mapping[str, Any]

RENAP = (
    MANIFESTS["renap"].replace(
        'sex = { column = "SEXO", codes = "sex" }\n',
        'sex = { column = "SEXO", codes = "sex" }\ndeath_date = "MUERTE"\n',
    )
    + """
[[record]]
source = "personas"
section = "address"
when = { column = "CALLE", present = true }
record_id = "ID"

[record.subject]
cui = "CUI"

[record.fields]
street = "CALLE"

[[record]]
source = "personas"
section = "telephone"
when = { column = "TELEFONO", present = true }
record_id = "ID"

[record.subject]
cui = "CUI"
telephone = "TELEFONO"

"""
)
OJ = (
    MANIFESTS["oj"].replace('roles = { person = ["alert"] }', 'roles = { person = ["alert", "context"] }')
    + 'offence = { text = "DELITO" }\n'
)
SAT = MANIFESTS["sat"].replace('vin = "VIN"\n', 'vin = "VIN"\nvalid_from = "DESDE"\nvalid_to = "HASTA"\n')
MP = """
[register]
id = "mp"
name = "Ministerio Público"
owner = "Ministerio Público"
contact = "tel. 2411-9191"
order = 40
roles = { person = ["alert"], vehicle = ["alert"] }
stale_after = "30d"
shrink_limit_percent = 20

[[source]]
name = "denuncias"
format = "csv"
path = "mp.csv"
as_of = { from = "mtime" }

[codes.state]
PENDIENTE = "PENDING"
CANCELADA = "CANCELLED"
"""
_WHO, _WHAT = 'cui = "CUI"\nfull_name = "NOMBRE"\nbirth_date = "NACIMIENTO"', 'plate = "PLACA"\nvin = "VIN"'
_PAPERS = 'document_country = "PAIS"\ndocument_number = "PASAPORTE"\nlicence = "LICENCIA"\n'
for _kind, _section, _subject, _alert in (
    ("AGRESOR", "protection_order", _WHO, 'kind = "PROTECTION_ORDER"'),
    ("VICTIMA", "protection_order", _WHO, "protected = true"),
    ("DESAPARECIDA", "missing_person", _WHO, 'kind = "MISSING_PERSON"'),
    ("DPI", "document_alert", _PAPERS + _WHO, 'kind = "DOCUMENT"'),
    ("SUPLANTADA", "document_alert", _PAPERS + _WHO, 'kind = "DOCUMENT"\nmisuse = true'),
    ("ROBO", "vehicle_alert", _WHAT, 'kind = "STOLEN_VEHICLE"'),
):
    MP += f"""
[[record]]
source = "denuncias"
section = "{_section}"
when = {{ column = "TIPO", in = ["{_kind}"] }}
record_id = "ID"
date = "FECHA"
{'sensitivity = "VICTIM"' if _kind == "VICTIMA" else ""}

[record.subject]
{_subject}

[record.alert]
{_alert}
state = {{ column = "ESTADO", codes = "state" }}
issued = "FECHA"
valid_to = "HASTA"
"""
HEADERS = {
    "renap": "ID CUI NOMBRE NACIMIENTO SEXO MUERTE CALLE TELEFONO",
    "oj": "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA DELITO",
    "sat": "ID PLACA VIN CUI NOMBRE DESDE HASTA",
    "mp": "ID TIPO CUI NOMBRE NACIMIENTO PLACA VIN ESTADO FECHA HASTA PAIS PASAPORTE LICENCIA",
}


class SmallWorld:
    """Rows by register, then a server that answers from them."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in HEADERS}
        self.report("M0", "ROBO", PLACA="P-000ZZZ")  # a register without a row is missing

    def person(self, number: int, name: str, born: str = "1980-05-17", **cells: str) -> str:
        """Somebody in RENAP; the CUI."""
        cui = cui_of(number)
        row = {"ID": f"R{number}-{len(self.rows['renap'])}", "CUI": cui, "NOMBRE": name, "NACIMIENTO": born}
        self.rows["renap"].append({"SEXO": "F", **row, **cells})
        return cui

    def warrant(self, record_id: str, cui: str = "", name: str = "", born: str = "", state: str = "PENDIENTE") -> None:
        row = {"ORDEN": record_id, "CUI": cui, "NOMBRE": name, "NACIMIENTO": born}
        self.rows["oj"].append({**row, "ESTADO": state, "FECHA": "2020-05-05", "DELITO": "ROBO AGRAVADO"})

    def car(self, number: int, plate: str, owners: Iterable[Row] = (), vin: str = "") -> str:
        """A vehicle with its owners, cells of SAT each; the VIN."""
        vin = vin or f"3N1AB7AP5FY{number:06d}"
        for place, owner in enumerate(owners or ({},)):
            self.rows["sat"].append({"ID": f"V{number}-{place:02}", "PLACA": plate, "VIN": vin, **owner})
        return vin

    def report(self, record_id: str, kind: str, **cells: str) -> None:
        """A row of MP."""
        self.rows["mp"].append({"ID": record_id, "TIPO": kind, "ESTADO": "PENDIENTE", "FECHA": "2024-05-05", **cells})

    def write(self, directory: Path) -> SmallRegisters:
        """The rows as files with their manifests."""
        registers = SmallRegisters(directory / "registers")
        for name, text in (("renap", RENAP), ("oj", OJ), ("sat", SAT), ("mp", MP)):
            (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
            with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, HEADERS[name].split(), restval="")
                writer.writeheader()
                writer.writerows(self.rows[name])
        return registers

    def build(self, directory: Path) -> Path:
        """Publishes a generation of the rows; the data directory."""
        registers = self.write(directory)
        build(registers.options())
        return registers.data

    def serve(self, directory: Path) -> Iterator[Asker]:
        server = RunningServer(self.build(directory), directory / "log", workers=1)
        try:
            yield Asker(server.wait_ready())
        finally:
            server.stop()


def cleared(asker: Asker, standard: str = "WANTED", **columns: list[str] | list[int]) -> list[tuple[str, str]]:
    """(result, reason) of each row of a batch."""
    from tests.server.running_server import clear

    batch = clearance.ClearRequest(standard=f"CLEARANCE_STANDARD_{standard}", **columns)  # type: ignore[arg-type]
    batch.row_ids.extend(range(max(len(column) for column in columns.values())))
    (found,) = clear(asker.channel, iter([batch.SerializeToString()]))
    response = clearance.ClearResponse.FromString(found)
    return [
        (
            clearance.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_"),
            clearance.ClearanceReason.Name(reason).removeprefix("CLEARANCE_REASON_"),
        )
        for result, reason in zip(response.results, response.reasons, strict=True)
    ]
