"""Three registers in CSV, small enough for a build in a second: RENAP (identity), OJ (warrants), SAT (vehicles)."""

from __future__ import annotations

import copy
import csv
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.build.options import BuildOptions

_RENAP = """
[register]
id = "renap"
name = "RENAP"
owner = "Registro Nacional de las Personas"
contact = "tel. 1516"
order = 10
roles = { person = ["identity"] }
identifies = ["cui", "cedula", "document"]
stale_after = "30d"
shrink_limit_percent = 20

[[source]]
name = "personas"
format = "csv"
path = "renap.csv"
as_of = { from = "mtime" }

[codes.sex]
M = "MALE"
F = "FEMALE"

[[record]]
source = "personas"
section = "identity"
record_id = "ID"

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
sex = { column = "SEXO", codes = "sex" }
"""

_OJ = """
[register]
id = "oj"
name = "Organismo Judicial"
owner = "Organismo Judicial"
contact = "tel. 2290-4444"
order = 20
roles = { person = ["alert"] }
authoritative_for = ["warrant"]
stale_after = "30d"
shrink_limit_percent = 20

[[source]]
name = "ordenes"
format = "csv"
path = "oj.csv"
as_of = { from = "mtime" }

[codes.state]
PENDIENTE = "PENDING"
CANCELADA = "CANCELLED"

[[record]]
source = "ordenes"
section = "warrant"
record_id = "ORDEN"
date = "FECHA"

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"

[record.alert]
kind = "WARRANT"
state = { column = "ESTADO", codes = "state" }
issued = "FECHA"
"""

_SAT = """
[register]
id = "sat"
name = "SAT Vehículos"
owner = "Superintendencia de Administración Tributaria"
contact = "tel. 1550"
order = 30
roles = { vehicle = ["identity"] }
identifies = ["plate", "vin", "nit"]
stale_after = "30d"
shrink_limit_percent = 20

[[source]]
name = "vehiculos"
format = "csv"
path = "sat.csv"
as_of = { from = "mtime" }

[[record]]
source = "vehiculos"
section = "plate_assignment"
record_id = "ID"

[record.subject]
plate = "PLACA"
vin = "VIN"

[[record]]
source = "vehiculos"
section = "owner"
record_id = "ID"

[record.subject]
plate = "PLACA"
vin = "VIN"
cui = "CUI"
full_name = "NOMBRE"
"""

MANIFESTS = {"renap": _RENAP, "oj": _OJ, "sat": _SAT}

_RVR = """
[register]
id = "rvr"
name = "PNC robados"
owner = "PNC"
contact = "tel. 110"
order = 40
roles = { vehicle = ["alert"] }
stale_after = "30d"

[[source]]
name = "robos"
format = "csv"
path = "rvr.csv"
as_of = { from = "mtime" }

[[record]]
source = "robos"
section = "vehicle_alert"
record_id = "ID"
date = "FECHA"

[record.subject]
%s

[record.alert]
kind = "STOLEN_VEHICLE"
state = "PENDING"
"""


def stolen_vehicles(**subject: str) -> str:
    """The manifest of a register of stolen vehicles, rvr.csv: field of the subject -> column."""
    return _RVR % "\n".join(f'{field} = "{column}"' for field, column in subject.items())


def cui_of(number: int) -> str:
    """Returns a CUI with a right check digit, born in Guatemala City. Numbers with a check of ten are moved on."""
    while True:
        digits = f"{number:08d}"
        check = sum(int(d) * (i + 2) for i, d in enumerate(digits)) % 11
        if check != 10:
            return f"{digits}{check}0101"
        number += 50_000_000


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    draft.rename(path)


class SmallRegisters:
    """Sources and manifests in a directory; `build_options` builds them into `data`."""

    def __init__(self, directory: Path) -> None:
        self.sources = directory / "sources"
        self.manifests = directory / "manifests"
        self.data = directory / "data"
        self.sources.mkdir(parents=True)
        self.manifests.mkdir()
        for name, text in MANIFESTS.items():
            (self.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        self.write_persons(100)
        self.write_warrants({"W1": (1, "PENDIENTE"), "W2": (2, "PENDIENTE"), "W3": (3, "CANCELADA")})
        self.write_vehicles(30)

    def copied(self, directory: Path) -> SmallRegisters:
        """The same registers, and what was built of them, in another directory; file times stay."""
        shutil.copytree(self.sources.parent, directory, dirs_exist_ok=True)
        found = copy.copy(self)
        found.sources, found.manifests, found.data = (directory / name for name in ("sources", "manifests", "data"))
        return found

    def write_persons(self, count: int) -> None:
        """RENAP with persons 1 to `count`."""
        rows = [
            (n, cui_of(n), f"PERSONA {n % 7} CAAL {n % 5}", f"19{10 + n % 90}-01-{1 + n % 28:02d}", "MF"[n % 2])
            for n in range(1, count + 1)
        ]
        _write(self.sources / "renap.csv", ("ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"), rows)

    def write_warrants(self, warrants: Mapping[str, tuple[int, str]]) -> None:
        """OJ: record id -> (person, state)."""
        rows = [(order, cui_of(n), "", "", state, "2020-05-05") for order, (n, state) in warrants.items()]
        _write(self.sources / "oj.csv", ("ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA"), rows)

    def write_vehicles(self, count: int) -> None:
        """SAT: vehicle n belongs to person n."""
        rows = [
            (n, f"P-{n:03d}BCD", f"3N1AB7AP5FY{n:06d}", cui_of(n), f"PERSONA {n % 7} CAAL {n % 5}")
            for n in range(1, count + 1)
        ]
        _write(self.sources / "sat.csv", ("ID", "PLACA", "VIN", "CUI", "NOMBRE"), rows)

    def break_source(self, name: str) -> None:
        """Makes a source unreadable: gone."""
        (self.sources / f"{name}.csv").unlink()

    def age(self, name: str, seconds: float) -> None:
        """Makes a source older by its file time, from which its as-of is read."""
        path = self.sources / f"{name}.csv"
        told = path.stat().st_mtime - seconds
        os.utime(path, (told, told))

    def options(self, **changes: Any) -> BuildOptions:
        """Returns options of a build of these registers, silent unless asked otherwise."""
        return BuildOptions(
            **{"data": self.data, "sources": self.sources, "manifests": self.manifests, "quiet": True, **changes}
        )
