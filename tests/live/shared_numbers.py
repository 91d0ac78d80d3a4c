"""Records that share numbers: orders with two sides, orders of several persons, two sources of one register.

OJ has `ordenes` (a line for each person), `medidas` (aggressor and up to two protected persons in a row) and
`sentencias`; MP has `vehiculos`, `placas` and `personas`. A change names its source; a row is found again by its key.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.ledger.change import Change, Kind
from tests.indexer.small_registers import SmallRegisters
from tests.kit.small_world import HEADERS as PLAIN
from tests.kit.small_world import MP as PLAIN_MP
from tests.kit.small_world import OJ as PLAIN_OJ
from tests.kit.small_world import RENAP, SAT, SmallWorld
from tests.live.fed_world import AS_OF_S, FedWorld

_STATES = '[codes.state]\nPENDIENTE = "PENDING"\nCANCELADA = "CANCELLED"\n'


_STATE = 'state = { column = "ESTADO", codes = "state" }\nstate_date = "CERRADA"\n'


def _source(name: str, line: str = "") -> str:
    return f"""
[[source]]
name = "{name}"
format = "csv"
path = "{name}.csv"
as_of = {{ from = "mtime" }}
{f'line = "{line}"' if line else ""}
may_be_empty = true
"""


def _person(prefix: str = "") -> str:
    columns = (("cui", "CUI"), ("full_name", "NOMBRE"), ("birth_date", "NACIMIENTO"))
    return "\n".join(f'{key} = "{prefix}{column}"' for key, column in columns)


def _record(source: str, section: str, subject: str, alert: str = "", more: str = "") -> str:
    stated = f"[record.alert]\n{alert}\n{_STATE}" if alert else ""
    return f"""
[[record]]
source = "{source}"
section = "{section}"
record_id = "NUMERO"
date = "FECHA"
{more}

[record.subject]
{subject}

{stated}"""


def _present(column: str) -> str:
    return f'when = {{ column = "{column}", present = true }}\nsensitivity = "VICTIM"'


def _protected(prefix: str) -> str:
    alert = 'protected = true\nvalid_to = "HASTA"'
    return _record("medidas", "protection_order", _person(prefix), alert, _present(f"{prefix}NOMBRE"))


def oj(line: str = "LINEA") -> str:
    """The manifest; line: of `ordenes`, "" = none."""
    return (
        PLAIN_OJ[: PLAIN_OJ.index("[[source]]")].replace('["warrant"]', '["warrant", "protection_order"]')
        + _source("ordenes", line)
        + _source("medidas")
        + _source("sentencias")
        + _STATES
        + _record("ordenes", "warrant", _person(), 'kind = "WARRANT"\nissued = "FECHA"')
        + _record("medidas", "protection_order", _person("A_"), 'kind = "PROTECTION_ORDER"\nvalid_to = "HASTA"')
        + _protected("V_")
        + _protected("W_")
        + _record("sentencias", "sentence", _person())
    )


_MP = (
    PLAIN_MP[: PLAIN_MP.index("[[source]]")]
    + _source("vehiculos")
    + _source("placas")
    + _source("personas")
    + _STATES
    + _record("vehiculos", "vehicle_alert", 'plate = "PLACA"\nvin = "VIN"', 'kind = "STOLEN_VEHICLE"')
    + _record("placas", "vehicle_alert", 'plate = "PLACA"', 'kind = "STOLEN_PLATE"')
    + _record("personas", "missing_person", _person(), 'kind = "MISSING_PERSON"')
)
HEADERS = {
    "renap/personas": PLAIN["renap"],
    "sat/vehiculos": PLAIN["sat"],
    "oj/ordenes": "NUMERO LINEA CUI NOMBRE NACIMIENTO ESTADO FECHA CERRADA",
    "oj/medidas": "NUMERO A_CUI A_NOMBRE A_NACIMIENTO V_CUI V_NOMBRE V_NACIMIENTO W_CUI W_NOMBRE W_NACIMIENTO"
    " ESTADO FECHA HASTA CERRADA",
    "oj/sentencias": "NUMERO CUI NOMBRE NACIMIENTO FECHA",
    "mp/vehiculos": "NUMERO PLACA VIN ESTADO FECHA CERRADA",
    "mp/placas": "NUMERO PLACA ESTADO FECHA CERRADA",
    "mp/personas": "NUMERO CUI NOMBRE NACIMIENTO ESTADO FECHA CERRADA",
}
_FILES = {"renap/personas": "renap", "sat/vehiculos": "sat"}
_DAY = f"{datetime.fromtimestamp(AS_OF_S, UTC):%Y-%m-%d}"  # of every change


class SharedNumbers(SmallWorld):
    """Rows by register and source."""

    def __init__(self, line: str = "LINEA") -> None:
        self.rows = {place: [] for place in HEADERS}
        self._line = line

    @property
    def has_line(self) -> bool:
        """Returns whether the manifest names a line for `ordenes`."""
        return bool(self._line)

    def person(self, number: int, name: str, born: str = "1980-05-17", **cells: str) -> str:
        self.rows["renap"] = self.rows["renap/personas"]
        cui = super().person(number, name, born, **cells)
        del self.rows["renap"]
        return cui

    def car(self, number: int, plate: str, owners: Any = (), vin: str = "") -> str:
        self.rows["sat"] = self.rows["sat/vehiculos"]
        found = super().car(number, plate, owners, vin)
        del self.rows["sat"]
        return found

    def add(self, place: str, **cells: str) -> None:
        """A row of `register/source`."""
        given = {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03"} | cells
        self.rows[place].append({name: given[name] for name in HEADERS[place].split() if name in given})

    def key(self, place: str, cells: Mapping[str, str]) -> tuple[str, str]:
        """Id and line."""
        return cells[HEADERS[place].split()[0]], cells.get("LINEA", "") if self._line else ""

    def write(self, directory: Path) -> SmallRegisters:
        registers = SmallRegisters(directory / "registers")
        for name, text in (("renap", RENAP), ("oj", oj(self._line)), ("sat", SAT), ("mp", _MP)):
            (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        for place, header in HEADERS.items():
            name = _FILES.get(place, place.split("/")[1])
            with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, header.split(), restval="")
                writer.writeheader()
                writer.writerows(self.rows[place])
        return registers


class FedNumbers(FedWorld):
    """Base, writer and model over such a world."""

    world: SharedNumbers

    def feed(self, place: str, **cells: str) -> Change:
        """A row of `register/source` as it stands now, in the world too."""
        rows, key = self.world.rows, self.world.key
        rows[place] = [row for row in rows[place] if key(place, row) != key(place, cells)] + [cells]
        return self.change(Kind.UPSERT, place, key(place, cells)[0], cells)

    def close(self, place: str, record_id: str, line: str = "") -> Change:
        """Cancels one row; the model's row says so in its own way, and what is no alert is gone."""
        for row in list(self.world.rows[place]):
            if self.world.key(place, row) == (record_id, line):
                if "ESTADO" in row:
                    row |= {"ESTADO": "CANCELADA", "CERRADA": _DAY}  # type: ignore[operator]
                else:
                    self.world.rows[place].remove(row)
        has_line = place == "oj/ordenes" and self.world.has_line
        return self.change(Kind.CANCEL, place, record_id, {"LINEA": line} if has_line else {})

    def change(self, kind: Kind, place: str, record_id: str, cells: Mapping[str, str]) -> Change:
        """Returns a change of `register/source`, or of a register alone."""
        register, _, source = place.partition("/")
        made = self._change(kind, register, record_id, cells)
        return replace(made, manifest_source=source, event_ms=AS_OF_S * 1000)
