"""The manifest model: its reference page, its rules, and institutions that nobody foresaw."""

from __future__ import annotations

import os
import re
import typing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from indexer.extract.children import ReadingProcesses
from indexer.manifest import sources as manifest_sources
from indexer.manifest.fields import DEFAULTS
from indexer.manifest.loading import ManifestError, load_manifest, load_manifests
from indexer.manifest.model import Manifest, Register
from indexer.manifest.records import Alert, Record, Subject
from indexer.manifest.values import Value
from ronda.v1 import alert_pb2, person_records_pb2

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "manifests.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]  # type: ignore[index]


def section_of(title: str) -> str:
    return PAGE.split(f"# {title}\n", 1)[1].split("\n#", 1)[0]


def documented(text: str) -> set[str]:
    """Keys of the first column of the tables in a part of the page."""
    first_cells = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return {key for cell in first_cells for key in re.findall(r"`(\w+)`", cell)}


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def source_keys() -> set[str]:
    models = typing.get_args(typing.get_args(manifest_sources.Source)[0])
    return set().union(*(keys(model) for model in models))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("[register]", keys(Register)),
        ("[[source]]", source_keys()),
        ("Values", keys(Value)),
        ("[[record]]", keys(Record)),
        ("[record.subject]", keys(Subject)),
        ("[record.alert]", keys(Alert)),
    ],
)
def test_the_page_names_every_key_and_no_other(title: str, expected: set[str]) -> None:
    text = section_of(title).split("\n### ")[0]
    assert documented(text) == expected


def test_the_page_lists_the_defaults() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (`\w+` = .*) \|$", PAGE, re.MULTILINE))
    listed = {message: dict(re.findall(r"`(\w+)` = ([\w.]+)", fields)) for message, fields in rows.items()}
    assert listed == DEFAULTS


def test_the_page_lists_the_rules_of_refusal() -> None:
    text = section_of("Refused records")
    for rule in (
        *("undecodable_bytes", "wrong_column_count", "wrong_length", "malformed_row", "required_missing"),
        *("unparsable_date", "record_id_missing", "unknown_code", "no_subject"),
    ):
        assert f"`{rule}`" in text


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    manifest = write(tmp_path, EXAMPLE)
    assert manifest.sections == [5, 24]
    assert manifest.needed_sections("person") == [5]
    assert manifest.entry(2)["authoritative_for"] == [
        alert_pb2.ALERT_KIND_WARRANT,
        alert_pb2.ALERT_KIND_PROTECTION_ORDER,
    ]
    assert manifest.register_.stale_after_seconds == 26 * 3600


def write(directory: Path, text: str, name: str = "m.toml") -> Manifest:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return load_manifest(file)


@pytest.mark.parametrize(
    ("old", "new", "key", "rule"),
    [
        ('id = "oj"', 'id = "O J"', "register.id", "must be 2 to 20 of a-z"),
        ('stale_after = "26h"', 'stale_after = "soon"', "register.stale_after", "30m, 26h, 3d"),
        ('stale_after = "26h"', 'stale_after = "26h"\nsecret = 1', "register.secret", "no such key here: id, name"),
        (
            'authoritative_for = ["warrant"',
            'authoritative_for = ["warant"',
            "register.authoritative_for.0",
            "no kind of alert",
        ),
        ('path = "oj/ordenes_*.xml"', 'path = "../etc/passwd"', "source.0.xml.path", "inside"),
        ('"dd/mm/yyyy"', '"dd/MM/yy"', "source.0.xml.date_formats", "only yyyy"),
        ('"01/01/0001"', '"1/1/1"', "source.0.xml.null_dates", "dd/mm/yyyy"),
        ('{ from = "sidecar", path = "oj/CORTE" }', '{ from = "query", sql = "x" }', "", "only a postgresql source"),
        (
            '{ from = "sidecar", path = "oj/CORTE" }',
            '{ from = "mtime", snapshot = true }',
            "source.0.xml.as_of",
            "mtime is no snapshot",
        ),
        ("null_words", 'feed_sequence = { feed = "oj", from = "mtime" }\nnull_words', "source.0.xml.feed_sequence", ""),
        (
            "null_words",
            'feed_sequence = { feed = "OJ", from = "sidecar", path = "a" }\nnull_words',
            "source.0.xml.feed_sequence.feed",
            "",
        ),
        (
            "null_words",
            'feed_sequence = { feed = "oj", from = "sidecar", name = "a" }\nnull_words',
            "source.0.xml.feed_sequence",
            "feed_sequence from sidecar needs path",
        ),
        (
            "null_words",
            'feed_sequence = { feed = "oj", from = "query", sql = "x" }\nnull_words',
            "",
            "only a postgresql source has feed_sequence from query",
        ),
        ('PENDIENTE = "PENDING"', 'PENDIENTE = "PENDIN"', "", "alert.state: 'PENDIN' is no AlertState"),
        (
            'PENDIENTE = "PENDING"',
            'PENDIENTE = "PENDING"\n"Pendiénte" = "EXECUTED"',
            "codes",
            "'PENDIENTE' and 'Pendiénte' differ in case or accents alone",
        ),
        ('codes = "sex"', 'codes = "sexo"', "", "codes 'sexo' is not in this manifest"),
        ('section = "warrant"', 'section = "warrants"', "", "section 'warrants'"),
        ('section = "warrant"', 'section = "damaged_record"', "", "none that a manifest may fill"),
        ('source = "ordenes"\n', 'source = "orden"\n', "", "source 'orden'"),
        ('case_number = "CAUSA"', 'case_no = "CAUSA"', "", "fields.case_no: Warrant has no such field"),
        ('case_number = "CAUSA"', 'record = "CAUSA"', "", "fields.record is computed"),
        ('case_number = "CAUSA"', 'offence = "CAUSA"', "", "fields.offence: needs parts"),
        ('case_number = "CAUSA"', 'offence.name = "CAUSA"', "", "fields.offence.name"),
        ('kind = "WARRANT"\n', "", "record.0.alert", "give kind, or protected"),
        ('flag = "ARMED"', 'flag = "ARMADO"', "", "no caution flag"),
        ('column = "TIPO", in', 'column = "TIPO", present = true, in', "record.0.when.0", "exactly one of"),
        ('roles = { person = ["alert", "context"] }', 'roles = { person = ["context"] }', "", "role alert goes with"),
        ('roles = { person = ["alert", "context"] }', 'roles = { vehicle = ["alert"] }', "", "register.roles"),
        ('require = ["CAUSA"]', 'require = ["CAUSA"]\nclearance = ["police"]', "", "not among register.standards"),
        ('cui = "CUI"', 'cui = { column = "CUI", const = "1" }', "record.0.subject.cui", "exactly one of"),
        ("[register]", "[register", "", "Expected"),
        ('kind = "WARRANT"', 'kind = "STOLEN_VEHICLE"', "", "belongs to section vehicle_alert, not to warrant"),
        ('kind = "WARRANT"', 'kind = "OTHER"', "", "belongs to section other_record or vehicle_other_record"),
        ('kind = "WARRANT"', 'kind = { column = "TIPO", codes = "kinds" }', "", "codes 'kinds'"),
        ("[record.alert]", "[record.alrt]", "record.0.alrt", "no such key here, perhaps alert"),
        ('cui = "CUI"', 'dpi = "CUI"', "record.0.subject.dpi", "no such key here: cui, cedula"),
        ("[[record]]", "[record]", "record", "[[record]], not [record]"),
        ('merge_key = ["CAUSA"]', 'merge_key = "CAUSA"', "record.0.alert.merge_key", "must be a list"),
        ('roles = { person = ["alert", "context"] }', 'roles = ["alert"]', "register.roles", "must be a table"),
        ('stale_after = "26h"', "stale_after = 26", "register.stale_after", "must be a text"),
        ('format = "xml"', 'format = "xls"', "source.0", "format is not 'xls' but one of"),
        ('encoding = "utf-8"', 'encoding = "utf-16"', "source.0.xml.encoding", "must be 'utf-8', 'latin-1'"),
        ('name = "Organismo Judicial"\n', "", "register.name", "is missing"),
        ('name = "Organismo Judicial"', 'name = "OJ\\u001b[2J"', "register.name", "characters that steer"),
        ('contact = "Centro', 'contact = "\\u202eCentro', "register.contact", "characters that steer"),
        ('owner = "Organismo Judicial"', f'owner = "{"O" * 201}"', "register.owner", "at most"),
        ('stale_after = "26h"', 'stale_after = "99999999999999d"', "register.stale_after", "a hundred years"),
        ('stale_after = "26h"', f'stale_after = "{"9" * 5000}m"', "register.stale_after", "a hundred years"),
        ('path = "oj/CORTE"', 'path = "../../../etc/hostname"', "source.0.xml.as_of.path", "stays inside it"),
        ('path = "oj/CORTE"', 'path = "/etc/hostname"', "source.0.xml.as_of.path", "stays inside it"),
        ('path = "oj/ordenes_*.xml"', f'path = "{"a/" * 5000}x"', "source.0.xml.path", "directories at most"),
        ('path = "oj/ordenes_*.xml"', 'path = "oj/\\u0000"', "source.0.xml.path", "NUL"),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, old: str, new: str, key: str, rule: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(ManifestError) as caught:
        write(tmp_path, EXAMPLE.replace(old, new))
    assert caught.value.key.startswith(key)
    assert rule in caught.value.rule
    assert str(tmp_path) in str(caught.value)


SECOND = """
[[source]]
name = "otra"
format = "csv"
path = "oj/otra.csv"
as_of = { from = "mtime" }

[codes.state]"""
DISCREET = EXAMPLE.replace('section = "warrant"', 'section = "discreet_alert"').replace(
    'kind = "WARRANT"', 'kind = "DISCREET"'
)
SIDE = EXAMPLE.replace('section = "warrant"', 'section = "protection_order"\nsensitivity = "VICTIM"').replace(
    'kind = "WARRANT"', 'kind = "PROTECTION_ORDER"'
)
HIDING = '[codes.hidden]\nS = "OPEN"\nN = "DISCREET"\n\n[codes.state]'


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (DISCREET, "a discreet alert is never OPEN"),
        (
            DISCREET.replace("[codes.state]", HIDING).replace(
                'section = "discreet_alert"',
                'section = "discreet_alert"\nsensitivity = { column = "A", codes = "hidden" }',
            ),
            "a discreet alert is never OPEN",
        ),
        (SIDE, "VICTIM in section protection_order is the protected side"),
        (EXAMPLE.replace("[codes.state]", SECOND), "source 'otra': no record names it"),
    ],
    ids=["discreet", "discreet by a code", "a protected side that is none", "a source without a record"],
)
def test_what_would_show_or_hide_nothing_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(rule)):
        write(tmp_path, text)


def test_a_protected_side_without_an_alert_is_refused(tmp_path: Path) -> None:
    """Beside the restrained side, so that the roles hold."""
    side = EXAMPLE[EXAMPLE.index("[[record]]") :].partition("[record.fields]")[0]
    side = side.replace('section = "warrant"', 'section = "protection_order"\nsensitivity = "VICTIM"')
    with pytest.raises(ManifestError, match=r"record.1 \(protection_order\): sensitivity: VICTIM"):
        write(tmp_path, EXAMPLE + "\n" + side)


def test_a_manifest_as_editors_save_it(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_bytes(EXAMPLE.encode("utf-8-sig"))
    assert load_manifest(file).id == "oj"
    for encoding in ("latin-1", "utf-16"):
        file.write_bytes(EXAMPLE.replace("Centro", "Cédula").encode(encoding))
        with pytest.raises(ManifestError, match="is not UTF-8"):
            load_manifest(file)


def test_configuration_order_and_double_ids(tmp_path: Path) -> None:
    write(tmp_path, EXAMPLE.replace('"oj"', '"aa"').replace("order = 30", "order = 2"), "1.toml")
    decides = 'authoritative_for = ["warrant", "protection_order"]'
    second = EXAMPLE.replace('"oj"', '"bb"').replace("order = 30", "order = 1")
    write(tmp_path, second.replace(decides, ""), "2.toml")
    assert [m.id for m in load_manifests(tmp_path)] == ["bb", "aa"]
    write(tmp_path, EXAMPLE.replace('"oj"', '"aa"'), "3.toml")
    with pytest.raises(ManifestError, match="taken by another"):
        load_manifests(tmp_path)


def test_two_registers_that_decide_one_kind(tmp_path: Path) -> None:
    """With two authorities the first in order would silently decide: neither may."""
    write(tmp_path, EXAMPLE, "1.toml")
    other = EXAMPLE.replace('"oj"', '"bb"').replace("order = 30", "order = 40")
    write(tmp_path, other.replace('["warrant", "protection_order"]', '["escape", "protection_order"]'), "2.toml")
    with pytest.raises(ManifestError, match="PROTECTION_ORDER is decided by 'oj' already") as caught:
        load_manifests(tmp_path)
    assert (caught.value.file.name, caught.value.key) == ("2.toml", "register.authoritative_for")
    write(tmp_path, other.replace('["warrant", "protection_order"]', '["escape"]'), "2.toml")
    assert [m.id for m in load_manifests(tmp_path)] == ["oj", "bb"]


def test_no_manifest_at_all(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="holds no manifest"):
        load_manifests(tmp_path)


UNSEEN_PERSONS = """
[register]
id = "pgn"
name = "PGN"
owner = "Procuraduría General de la Nación"
contact = "tel. 2414-8787"
roles = { person = ["alert"] }
stale_after = "12h"

[[source]]
name = "avisos"
format = "csv"
path = "avisos.csv"
encoding = "cp1252"
delimiter = ";"
date_formats = ["dd/mm/yyyy"]
as_of = { from = "file_name" }

[codes.state]
VIGENTE = "PENDING"
LEVANTADO = "CANCELLED"

[[record]]
source = "avisos"
section = "other_record"
record_id = "AVISO"
date = "FECHA"
[record.subject]
cui = "DPI"
full_name = "NOMBRE"
name_order = "surname_first"
[record.fields]
title = { const = "Aviso de tutela" }
[record.attributes]
Motivo = "MOTIVO"
[record.alert]
kind = "OTHER"
state = { column = "ESTADO", codes = "state" }
valid_to = "HASTA"
"""

UNSEEN_VEHICLES = """
[register]
id = "aseguradora"
name = "Aseguradora"
owner = "Seguros, S.A."
contact = "tel. 1"
roles = { vehicle = ["alert"] }
stale_after = "7d"

[[source]]
name = "perdidas"
format = "csv"
path = "perdidas-20261120.csv"
as_of = { from = "file_name" }

[[record]]
source = "perdidas"
section = "vehicle_other_record"
[record.subject]
plate = "placa"
vin = "chasis"
[record.attributes]
Ajustador = "ajustador"
[record.alert]
kind = "OTHER"
state = "PENDING"
"""


def read_all(tmp_path: Path, toml: str, file: str, data: bytes) -> list[dict[str, typing.Any]]:
    manifest = tmp_path / "m.toml"
    manifest.write_text(toml, encoding="utf-8")
    (tmp_path / file).write_bytes(data)
    staging = tmp_path / "staging"
    staging.mkdir()
    with ReadingProcesses() as processes:
        report = processes.extract(manifest, 0, staging, data_directory=tmp_path, dsns={})
    assert report.as_of_ms == 1_795_154_400_000  # 2026-11-20 00:00 in Guatemala
    return pq.read_table(staging / "records-00000.parquet").to_pylist()


def test_an_unseen_institution_with_alerts_on_persons(tmp_path: Path) -> None:
    data = (
        "AVISO;FECHA;DPI;NOMBRE;MOTIVO;ESTADO;HASTA\n"
        "7;01/10/2026;2547 32586 0101;MUÑOZ CAAL, ANA;Tutela;VIGENTE;31/12/2026\n"
        "8;01/10/2026;;TZUL, JOSE;Tutela;?;\n"
    )
    toml = UNSEEN_PERSONS.replace('"avisos.csv"', '"avisos-*.csv"')
    first, second = read_all(tmp_path, toml, "avisos-20261120.csv", data.encode("cp1252"))
    message = person_records_pb2.OtherRecord.FromString(first["payload"])
    assert (first["name"], first["name_key"], first["alert_kind"]) == ("ANA MUÑOZ CAAL", "ANA KAL MUNOS", 12)
    assert (message.title, message.attributes[0].name, message.attributes[0].value) == (
        "Aviso de tutela",
        "Motivo",
        "Tutela",
    )
    assert message.state == first["alert_state"] == alert_pb2.ALERT_STATE_PENDING
    assert first["alert_to"] == 20818
    assert second["alert_kind"] == alert_pb2.ALERT_KIND_DAMAGED_RECORD
    damaged = person_records_pb2.DamagedRecord.FromString(second["payload"])
    assert (damaged.field, damaged.rule) == ("alert.state", "unknown_code")
    assert damaged.text == "registro dañado: consulte a tel. 2414-8787"


def test_an_unseen_institution_with_alerts_on_vehicles(tmp_path: Path) -> None:
    data = b"placa,chasis,ajustador\np0-123bcd,,Ana\n,1HGCM82633A004352,Luis\n"
    first, second = read_all(tmp_path, UNSEEN_VEHICLES, "perdidas-20261120.csv", data)
    assert (first["plate_type"], first["plate"], first["plate_country"], first["record_id"]) == (
        "P",
        "123BCD",
        "GTM",
        "1",
    )
    assert (second["vin"], second["section"], second["subject"]) == ("1HGCM82633A004352", 37, 2)
    assert person_records_pb2.OtherRecord.FromString(second["payload"]).attributes[0].value == "Luis"


@pytest.mark.parametrize("stands_there", ["a pipe", "a device", "a directory"])
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, stands_there: str) -> None:
    """A pipe was waited for, and a device read until the memory was full."""
    file = tmp_path / "oj.toml"
    if stands_there == "a pipe":
        os.mkfifo(file)
    elif stands_there == "a device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    with pytest.raises(ManifestError, match=r"oj\.toml: file: .*(not a file|Is a directory)"):
        load_manifests(tmp_path)
