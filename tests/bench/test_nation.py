"""The synthetic nation: the same bytes for the same seed, identifiers that hold, families, encodings, the cast."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from stdnum.gt import nit

from bench.answers import page
from core.identifiers import api as identifiers
from core.names.keys import phonetic_key
from indexer.manifest.loading import SHIPPED_MANIFESTS, load_manifests
from nation import cast_people, tables
from nation.block import BLOCK_PERSONS
from nation.loading import load_postgres
from nation.making import make_nation
from nation.sidecars import CUTS
from ronda.demo.postgres_cluster import PostgresCluster
from tests.kit.nation_kit import BuiltNation, new_database

AS_OF = datetime.date(2026, 11, 24)


def _digests(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nation")
    make_nation(3_000, 7, AS_OF, out)
    return out


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("larger")
    make_nation(20_000, 2, AS_OF, out)
    return out


def test_same_seed_same_bytes(nation: Path, tmp_path: Path) -> None:
    make_nation(3_000, 7, AS_OF, tmp_path)
    assert _digests(tmp_path) == _digests(nation)


def test_other_seed_other_persons_but_the_same_cast(nation: Path, tmp_path: Path) -> None:
    make_nation(1_000, 8, AS_OF, tmp_path)
    mine, other = (json.loads((out / "truth" / "cases.json").read_text()) for out in (nation, tmp_path))
    assert mine["persons"] == other["persons"]
    assert mine["vehicles"] == other["vehicles"]
    assert [case["request"] for case in mine["cases"]] == [case["request"] for case in other["cases"]]
    first, second = (
        pq.read_table(out / "truth" / "persons.parquet").slice(cast_people.TOTAL) for out in (nation, tmp_path)
    )
    assert first["birth_date"].slice(0, 500) != second["birth_date"].slice(0, 500)


def test_blocks_made_by_several_processes_join_without_a_seam(tmp_path: Path) -> None:
    summary = make_nation(BLOCK_PERSONS + 2_000, 3, AS_OF, tmp_path)
    persons = pq.read_table(tmp_path / "truth" / "persons.parquet", columns=["cui", "nit"])
    assert len(persons) == summary.rows["renap"] == BLOCK_PERSONS + 2_000
    for column in ("cui", "nit"):
        stated = [value for value in persons[column].to_pylist() if value]
        assert len(set(stated)) == len(stated)
    heads = (tmp_path / "registers" / "sat" / "vehiculos.csv").read_bytes().count(b"TIPO_PLACA;")
    assert heads == 1
    vehicles = pq.read_table(tmp_path / "truth" / "vehicles.parquet").to_pylist()
    plates = Counter((row["plate_type"], row["plate"]) for row in vehicles)
    duplicated = [plate for plate, count in plates.items() if count > 1]
    cases = json.loads((tmp_path / "truth" / "cases.json").read_text())["vehicles"]
    assert ["-".join(plate) for plate in duplicated] == [cases["duplicated_plate_1"]["plate"]]
    assert len({row["vin"] for row in vehicles}) == len(vehicles)


def test_identifiers_hold_their_rules(nation: Path) -> None:
    persons = pq.read_table(nation / "truth" / "persons.parquet").to_pylist()
    wrong = [row["cui"] for row in persons if not identifiers.cui_digits(row["cui"])[1]]
    invalid = json.loads((nation / "truth" / "cases.json").read_text())["persons"]["invalid_cui"]
    assert invalid in wrong
    assert len(wrong) <= 5  # a few rows break the rule, as in real registers
    assert {row["cui"] for row in persons}.isdisjoint({cast_people.unknown_cui()})
    for row in persons:
        assert row["cui"][9:11] == f"{row['birth_department']:02d}"
        assert row["nit"] is None or row["nit"] == row["cui"] or nit.is_valid(row["nit"])
        assert row["passport"] in (None, row["cui"][:9])
        assert row["cedula"] is None or row["birth_date"].year < 1995


def test_surnames_are_inherited(nation: Path) -> None:
    persons = pq.read_table(nation / "truth" / "persons.parquet").to_pylist()
    by_cui = {row["cui"]: row for row in persons}
    children = [row for row in persons if row["father_cui"] and row["mother_cui"]]
    assert len(children) > 500
    for child in children:
        father, mother = by_cui[child["father_cui"]], by_cui[child["mother_cui"]]
        assert child["first_surname"] == father["first_surname"]
        assert child["second_surname"] in (None, mother["first_surname"])
        assert (child["birth_date"] - mother["birth_date"]).days >= 15 * 365
        assert child["father_name"].split()[0] in father["first_given"]


def test_mayan_surnames_live_where_they_are_spoken(larger: Path) -> None:
    persons = pq.read_table(larger / "truth" / "persons.parquet").to_pylist()
    caal = Counter(row["birth_department"] for row in persons if row["first_surname"] == "CAAL")
    assert caal[16] > 20  # Alta Verapaz
    assert caal[22] <= caal[16] / 20  # Jutiapa


def test_nobody_else_has_a_surname_of_the_cast() -> None:
    files = ("surnames_spanish", "surnames_mayan", "given_male", "given_female", "given_mayan", "given_second")
    ordinary = {
        phonetic_key(word)
        for table in (*files, "names_immigrant")
        for row in tables.rows(table)
        for word in row["name"].split()
    }
    for part in cast_people.every_part():
        for surname in part.surnames:
            for word in surname.split():
                assert phonetic_key(word) not in ordinary, word


@pytest.mark.parametrize(
    ("name", "encoding", "letter"),
    [
        ("sat/contribuyentes.txt", "latin-1", "É"),
        ("sat/propietarios.csv", "cp1252", "Ñ"),
        ("oj/ordenes.xml", "latin-1", "Ñ"),
        ("sapo/antecedentes.csv", "latin-1", "Ñ"),
        ("rvr/vehiculos.csv", "cp850", "Á"),
    ],
)
def test_files_are_in_their_encoding(
    tmp_path_factory: pytest.TempPathFactory, name: str, encoding: str, letter: str
) -> None:
    out = tmp_path_factory.getbasetemp() / "encodings"
    if not out.exists():
        make_nation(20_000, 2, AS_OF, out)
    content = (out / "registers" / name).read_bytes()
    assert letter.encode(encoding) in content
    assert letter.encode() not in content
    with pytest.raises(UnicodeDecodeError):
        content.decode()


def test_registers_damage_what_they_write(larger: Path) -> None:
    registers = larger / "registers"
    plates = (registers / "transito" / "remisiones.csv").read_text(encoding="utf-8")
    assert "P0-" in plates
    assert ",p-" in plates
    records = (registers / "sapo" / "antecedentes.csv").read_text(encoding="latin-1")
    records += (registers / "sapo" / "ordenes_captura.csv").read_text(encoding="latin-1")
    for damage in ("¥-15", "A-01", "01/01/1900", "SIN DATO", ",-1,"):
        assert damage in records, damage
    taxpayers = (registers / "sat" / "contribuyentes.txt").read_text(encoding="latin-1")
    assert "01010001" in taxpayers


def test_every_manifest_loads_and_names_a_register_of_the_nation() -> None:
    assert {manifest.id for manifest in load_manifests(SHIPPED_MANIFESTS)} == set(CUTS)


def test_the_pipeline_refuses_the_one_damaged_row_only(small_nation: BuiltNation) -> None:
    entries = {entry["id"]: entry for entry in small_nation.manifest["registers"]}
    assert {name: entry["rows_refused"] for name, entry in entries.items() if entry["rows_refused"]} == {"oj": 1}
    assert all(entry["state"] == "loaded" and entry["rows_read"] for entry in entries.values())


def test_extracts_are_of_the_evening_before(nation: Path) -> None:
    for register in CUTS:
        folder = nation / "registers" / register
        cut = folder / ("corte.copy" if register in ("renap", "sipol") else "CORTE")
        taken = datetime.datetime.fromisoformat(cut.read_text().strip())
        assert taken.date() == AS_OF - datetime.timedelta(days=1)
        assert taken.utcoffset() == datetime.timedelta(hours=-6)


def test_loading_twice_replaces(nation: Path, postgres: PostgresCluster) -> None:
    dsn = new_database(postgres)
    heard: list[tuple[str, int, int | None]] = []
    for _ in range(2):
        load_postgres(nation, dsn, lambda stage, done, total: heard.append((stage, done, total)))
    with psycopg.connect(dsn) as connection:
        counts = [
            connection.execute("SELECT count(*) FROM renap.persona").fetchone(),
            connection.execute("SELECT count(*) FROM sipol.corte").fetchone(),
        ]
    assert counts == [(3_000,), (1,)]
    assert heard[-1][1] == heard[-1][2]


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="persons"):
        make_nation(999, 1, AS_OF, tmp_path)
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers" / "mine.csv").write_text("kept")
    with pytest.raises(ValueError, match="out"):
        make_nation(1_000, 1, AS_OF, tmp_path)
    assert (tmp_path / "registers" / "mine.csv").read_text() == "kept"


def test_truth_names_the_person_of_a_record_without_a_cui(nation: Path) -> None:
    cases = json.loads((nation / "truth" / "cases.json").read_text())
    records = pq.read_table(nation / "truth" / "records.parquet").to_pylist()
    warrants = [row for row in records if row["cui"] == cases["persons"]["wanted_by_name"]]
    assert [row["register"] for row in warrants] == ["oj"]
    content = (nation / "registers" / "oj" / "ordenes.xml").read_text(encoding="latin-1")
    assert warrants[0]["record_id"] in content
    assert cases["persons"]["wanted_by_name"] not in content


def test_damaged_rows_are_of_kinds_that_the_page_knows_and_stand_in_the_registers(tmp_path: Path) -> None:
    make_nation(12_000, 5, AS_OF, tmp_path, damage=0.5)
    records = pq.read_table(tmp_path / "truth" / "records.parquet").to_pylist()
    alerts = [row for row in records if row["kind"]]
    kinds = Counter(kind for row in alerts for kind in row["damage"].split())
    assert set(kinds) <= page.recognisable() | set(page.hopeless())
    assert len(kinds) > 80
    files = ("oj/ordenes.xml", "oj/medidas.xml", "sapo/ordenes_captura.csv", "rvr/vehiculos.csv")
    content = "".join((tmp_path / "registers" / name).read_text("latin-1") for name in files)
    content += (tmp_path / "registers" / "mp" / "desaparecidos.jsonl").read_text("utf-8")
    for row in alerts:
        if row["damage"] and row["kind"] in ("PROTECTION_ORDER", "MISSING_PERSON", "STOLEN_VEHICLE"):
            assert row["record_id"] in content
    for written in ("DPI ", "E+12", "(", "00/00/", "INDEFINIDO", "31/02/", "VIGNTE"):
        assert written in content, written
    for row in alerts:
        if row["damage"] == "not_on_file":
            assert row["means"] is None
        elif row["damage"]:
            assert row["means"].split()[0] in ("CUI", "PASSPORT", "VIN", "PLATE")


def test_two_in_a_hundred_alert_rows_are_damaged_and_one_means_nobody(tmp_path: Path) -> None:
    made = {}
    for share in (0.0, 0.02):
        make_nation(30_000, 9, AS_OF, tmp_path, damage=share)
        records = pq.read_table(tmp_path / "truth" / "records.parquet").to_pylist()
        made[share] = [row for row in records if row["kind"]]
    whole = {(row["register"], row["record_id"], row["kind"]) for row in made[0.0]}
    assert whole <= {(row["register"], row["record_id"], row["kind"]) for row in made[0.02]}
    nobody = sum(row["means"] is None for row in made[0.02])
    assert nobody >= 0.01 * len(made[0.02])
    assert len(made[0.02]) - nobody >= 1.02 * len(whole)
