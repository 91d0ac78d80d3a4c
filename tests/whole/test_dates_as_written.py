"""Dates in other formats than the register's, and validity of dates with unknown parts, through gRPC."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from indexer.pipeline import build
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

YEAR = dt.datetime.now(dt.UTC).year


def today() -> dt.date:
    """In Guatemala: midnight there may come while the suite runs."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=6)).date()


TODAY = today()
# The birth date on the warrant of somebody born on 4 March 1985 -> level.
BORN = {
    "04/03/1985": "HIT",
    "04/03/85": "HIT",
    "04-03-1985": "HIT",
    "1985.03.04": "HIT",
    "4 MAR 1985": "HIT",
    "4 de marzo de 1985": "HIT",
    "19850304": "HIT",
    "31110": "HIT",
    "1985-03-04 00:00:00": "HIT",
    "04/03/1985 12:00:00 a. m.": "HIT",
    "04/03/1985 12:00:00 AM": "HIT",
    "04/03/1985 00:00 hrs": "HIT",
    "1985-03-04T00:00:00Z": "HIT",
    "1985-03-04T00:00:00.000+00:00": "HIT",
    "'04/03/1985": "HIT",
    "(04/03/1985)": "HIT",
    "04/03/1985 (40 AÑOS)": "HIT",
    "NACIO EL 04/03/1985": "HIT",
    "Fecha de nacimiento: 4 de marzo de 1985": "HIT",
    "31110.0": "HIT",
    "04/O3/l985": "HIT",
    "０４/０３/１９８５": "HIT",
    "LUNES, 04/03/1985": "HIT",
    "04,03,1985": "HIT",
    "04\\03\\1985": "HIT",
    "4-III-1985": "HIT",
    "March 4, 1985": "HIT",
    "040385": "HIT",
    "circa 1985": "POSSIBLE",
    "aprox. 1983": "POSSIBLE",
    "35 AÑOS": "POSSIBLE",
}
# Between two ways none is taken: not the one that would fit either.
UNREAD_DATES = {"040312": "2012-03-04", "04?03?1985": "1985-03-04", "04/03/1985 05/06/1986": "1985-03-04"}
_SURNAMES = (
    "AJANEL BARRIOS CHAVAJAY DUBON ESQUIVEL FAJARDO GUZARO HERRERA IXCHOP JERONIMO KRAFKA LAPARRA MORATAYA NORIEGA "
    "ORDAZ PIVARAL QUIEJU RUSTRIAN SOCOREC TUMAX URIZAR VELIZ WALDEMAR XOCOP YAX ZEPEDA CUTZAL DARDON ELIAS FUENTES "
    "GOMAR HUITZIL ICAL JACINTO LOBOS MAYEN NAJARRO OVALLE PALACIOS"
)
SURNAMES = _SURNAMES.split()
# First and last day of a warrant by CUI, issued on 5 May 2020 -> level. A last day before that day cannot be true.
IN_FORCE = {
    ("", "00/00/2021"): "CLEAR",
    ("", "00/00/2019"): "POSSIBLE",
    ("", f"00/00/{YEAR}"): "POSSIBLE",
    ("", f"00/00/{YEAR + 2}"): "HIT",
    (f"00/00/{YEAR + 4}", ""): "CLEAR",
    (f"00/00/{YEAR}", ""): "POSSIBLE",
    ("00/00/2019", ""): "HIT",
    ("", "15/03/0000"): "POSSIBLE",
    (f"01/01/{YEAR + 2}", "01/01/2020"): "POSSIBLE",
    ("", "01/01/21"): "CLEAR",
    ("", "01/01/20"): "POSSIBLE",
    ("", "01/01/60"): "HIT",
    ("", "INDEFINIDO"): "POSSIBLE",
    ("", "31/02/2045"): "POSSIBLE",
    ("", f"{TODAY}T00:00:00Z"): "HIT",
    ("", "HASTA 31/12/2021"): "CLEAR",
    ("", "HASTA 31/12/2019"): "POSSIBLE",
    ("", "30/12/1899"): "POSSIBLE",
    ("05/05/2024", "01/01/1970"): "POSSIBLE",
    ("05/05/2024", "31/12/1969"): "POSSIBLE",
    ("", "02/01/1970"): "POSSIBLE",
    ("05/05/2024", "05/05/2017"): "POSSIBLE",
    ("05/05/2204", f"05/05/{YEAR + 1}"): "POSSIBLE",
    ("05/05/2204", ""): "POSSIBLE",
    ("05/05/2099", ""): "CLEAR",
}
# First and last day of an ownership, whose owner is wanted -> level of the vehicle's owner.
OWNED = {
    ("", "00/00/2019"): "INSUFFICIENT",
    ("", f"00/00/{YEAR}"): "POSSIBLE",
    ("00/00/2019", ""): "HIT",
    (f"00/00/{YEAR + 4}", ""): "INSUFFICIENT",
    ("", "31/02/2045"): "POSSIBLE",
    ("2010-05-05", "30/12/1899"): "POSSIBLE",
    ("05/05/2020", "05/05/2010"): "INSUFFICIENT",
}
OJ = MANIFESTS["oj"].replace('issued = "FECHA"\n', 'issued = "FECHA"\nvalid_from = "DESDE"\nvalid_to = "HASTA"\n')
SAT_OWNER = 'full_name = "NOMBRE"\n'
SAT = MANIFESTS["sat"].replace(SAT_OWNER, SAT_OWNER + 'valid_from = "DESDE"\nvalid_to = "HASTA"\n')


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    registers = SmallRegisters(tmp_path_factory.mktemp("dates"))
    (registers.manifests / "oj.toml").write_text(OJ, encoding="utf-8")
    (registers.manifests / "sat.toml").write_text(SAT, encoding="utf-8")
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
        for n, born in enumerate([*BORN, *UNREAD_DATES]):
            day = UNREAD_DATES.get(born, "1985-03-04")
            rows.writerow([n, cui_of(100 + n), f"ANA LUCIA {SURNAMES[n]} TZUL", day, "F"])
        for n in range(len(IN_FORCE) + 1):
            rows.writerow([200 + n, cui_of(200 + n), f"JUAN {n}", "1970-01-01", "M"])
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA", "DESDE", "HASTA"])
        for n, born in enumerate([*BORN, *UNREAD_DATES]):
            name = f"ANA LUCIA {SURNAMES[n]} TZUL"
            rows.writerow([f"B{n}", "", name, born, "PENDIENTE", "2020-05-05", "", ""])
        for n, (first, last) in enumerate(IN_FORCE):
            rows.writerow([f"V{n}", cui_of(200 + n), "", "", "PENDIENTE", "2020-05-05", first, last])
        rows.writerow(["W", cui_of(200 + len(IN_FORCE)), "", "", "PENDIENTE", "2020-05-05", "", ""])
    with (registers.sources / "sat.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "PLACA", "VIN", "CUI", "NOMBRE", "DESDE", "HASTA"])
        for n, (first, last) in enumerate(OWNED):
            cui = cui_of(200 + len(IN_FORCE))
            rows.writerow([n, f"P-{n:03d}BCD", f"3N1AB7AP5FY{n:06d}", cui, "", first, last])
    build(registers.options())
    return registers.data


@pytest.fixture(scope="module")
def asker(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    server = RunningServer(data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def word(level: int) -> str:
    return level_pb2.Level.Name(level).removeprefix("LEVEL_")


@pytest.mark.parametrize("born", BORN)
def test_a_birth_date_in_another_format(asker: Asker, born: str) -> None:
    assert word(asker.person(cui_of(100 + [*BORN].index(born))).answer.level) == BORN[born]


@pytest.mark.parametrize("born", ["circa 1985", "aprox. 1983", "35 AÑOS"])
def test_about_when_or_an_age_is_the_apparent_age(data: Path, born: str) -> None:
    (reasons,) = data.rglob("links.parquet")
    of_this = [r for r in pq.read_table(reasons).to_pylist() if r["record_id"] == f"B{[*BORN].index(born)}"]
    assert [r["age_band"] for r in of_this] == [True]


@pytest.mark.parametrize("born", UNREAD_DATES)
def test_a_birth_date_that_may_be_read_in_two_ways(asker: Asker, born: str) -> None:
    assert word(asker.person(cui_of(100 + [*BORN, *UNREAD_DATES].index(born))).answer.level) != "HIT"


@pytest.mark.parametrize("days", IN_FORCE, ids=str)
def test_a_warrant_whose_days_are_known_in_part(asker: Asker, days: tuple[str, str]) -> None:
    before, level = today(), word(asker.person(cui_of(200 + [*IN_FORCE].index(days))).answer.level)
    over = days[1].startswith(str(TODAY)) and today() != TODAY
    assert level == ("CLEAR" if over else IN_FORCE[days]) or before != today()


@pytest.mark.parametrize("days", OWNED, ids=str)
def test_an_ownership_whose_days_are_known_in_part(asker: Asker, days: tuple[str, str]) -> None:
    from ronda.v1 import check_service_pb2 as checks

    answer = asker(checks.CheckVehicleRequest(plate=f"P-{[*OWNED].index(days):03d}BCD"))
    assert word(answer.vehicle.owner_level) == OWNED[days]
