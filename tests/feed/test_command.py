"""`ronda feed` as an institution's clerk and its programs use it, against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from core.generation.view_file import LIVE, write_view
from core.ledger.change import Change, Kind
from core.ledger.frames import LOG
from core.ledger.reader import FOLDER, LedgerReader
from indexer.generations.publishing import current_generation
from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.feed_kit import SOURCES
from tests.feed.outbox_kit import outbox_database
from tests.kit.field_world import built_field
from tests.kit.small_world import SmallWorld
from tests.server.running_server import ROOT, RunningServer, until

EVENT = "2026-11-20T10:00:00-06:00"


@dataclass
class DevelopmentServer:
    server: RunningServer
    data: Path
    manifests: Path


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    """In development mode: the commands' identities are tried in tests/trust."""
    names = (
        "by-hand",
        "by-file",
        "by-csv",
        "by-folder",
        "by-outbox",
        "by-disk",
        "by-bus",
        "by-rows",
        "by-new-bus",
        "by-last",
    )
    sources = dict.fromkeys(names, SOURCES["oj-central"])
    directory = tmp_path_factory.mktemp("feed")
    data = directory / "data"
    shutil.copytree(built_field()[0], data)
    manifests = SmallWorld().write(directory).manifests
    server = RunningServer(
        data, directory / "log", workers=1, max_loop_lag_ms=5000, feed_sources=json.dumps(sources), manifests=manifests
    )
    try:
        yield DevelopmentServer(server.wait_ready(), data, manifests)
    finally:
        server.stop()


def row(record_id: str, state: str = "PENDIENTE", **cells: str) -> dict[str, str]:
    stated = {"ORDEN": record_id, "CUI": built_field()[1].clean, "ESTADO": state, "FECHA": "2026-05-05"}
    return {**stated, "NOMBRE": "", "NACIMIENTO": "", "DELITO": "", **cells}


def feed(field: DevelopmentServer, *words: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "feed", *map(str, words), "--server", field.server.address],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done


def pushed(field: DevelopmentServer, file: Path, source: str, *words: str, status: int = 0) -> Any:
    return json.loads(feed(field, "push", file, "--source", source, *words, "--json", status=status).stdout)


def in_force(field: DevelopmentServer, source: str) -> list[tuple[str, int, str]]:
    with LedgerReader(field.data / FOLDER) as reader:
        return [
            (each.record_id, each.source_sequence, each.kind.name)
            for each in reader.changes()
            if each.source == source and each.kind in (Kind.UPSERT, Kind.CANCEL)
        ]


def last(field: DevelopmentServer, source: str) -> Change:
    with LedgerReader(field.data / FOLDER) as reader:
        return [each for each in reader.changes() if each.source == source][-1]


def lines(*changes: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in changes)


def upsert(record_id: str, sequence: int = 0, **changes: Any) -> dict[str, Any]:
    found = {"register": "oj", "id": record_id, "event_time": EVENT, "row": row(record_id), **changes}
    return {**found, "sequence": sequence} if sequence else found


def test_a_file_sent_twice_is_taken_once(field: DevelopmentServer, tmp_path: Path) -> None:
    file = tmp_path / "changes.jsonl"
    file.write_text(lines(*(upsert(f"F-{n}", n) for n in range(1, 451))), encoding="utf-8")
    first = pushed(field, file, "by-file")
    assert first["outcomes"] == {"TAKEN": 450}
    assert re.fullmatch("2 by-file oj=450:[0-9a-f]{16}", first["resume_token"])
    assert pushed(field, file, "by-file")["outcomes"] == {"KNOWN": 450}
    assert [sequence for _, sequence, _ in in_force(field, "by-file")] == list(range(1, 451))


def test_a_file_without_numbers_gets_the_same_ones_again(field: DevelopmentServer, tmp_path: Path) -> None:
    file = tmp_path / "cancel.json"
    file.write_text(json.dumps([upsert("H-1"), {"register": "oj", "id": "H-1", "event_time": EVENT, "kind": "CANCEL"}]))
    assert pushed(field, file, "by-hand")["outcomes"] == {"TAKEN": 2}
    assert pushed(field, file, "by-hand")["outcomes"] == {"KNOWN": 2}
    assert in_force(field, "by-hand") == [("H-1", 1, "UPSERT"), ("H-1", 2, "CANCEL")]
    file.write_text(json.dumps(upsert("H-2")))
    said = feed(field, "push", file, "--source", "by-hand").stdout
    assert "1 recibidos y en vigor" in said
    assert in_force(field, "by-hand")[-1] == ("H-2", 3, "UPSERT")


def test_a_file_without_numbers_is_sent_again_as_new_changes(field: DevelopmentServer, tmp_path: Path) -> None:
    cancel, reissue = tmp_path / "cancel.json", tmp_path / "reissue.json"
    cancel.write_text(json.dumps({"register": "oj", "id": "A-1", "event_time": EVENT, "kind": "CANCEL"}))
    reissue.write_text(json.dumps(upsert("A-1")))
    for _ in range(3):
        assert pushed(field, cancel, "by-hand", "--again")["outcomes"] == {"TAKEN": 1}
        assert pushed(field, reissue, "by-hand", "--again")["outcomes"] == {"TAKEN": 1}
    kinds = [kind for record, _, kind in in_force(field, "by-hand") if record == "A-1"]
    assert kinds == ["CANCEL", "UPSERT"] * 3
    assert "--again" in feed(field, "push", reissue, "--source", "by-hand").stdout  # nothing changed, and how it would
    numbered = tmp_path / "numbered.json"
    numbered.write_text(json.dumps(upsert("A-1", 900)))
    assert "--again" in feed(field, "push", numbered, "--source", "by-hand", "--again", status=2).stderr


@pytest.mark.parametrize("damaged", ["", "{", '{"source": 1, "numbers": []}', "null"])
def test_a_file_whose_resume_is_damaged_is_not_sent_as_a_new_one(
    field: DevelopmentServer, tmp_path: Path, damaged: str
) -> None:
    """It would bring back what was cancelled since."""
    file, resume = tmp_path / "issue.json", tmp_path / "issue.json.resume"
    file.write_text(json.dumps(upsert("D-1")))
    pushed(field, file, "by-hand", "--again")
    before = in_force(field, "by-hand")
    resume.write_text(damaged)
    assert "issue.json.resume está dañado" in feed(field, "push", file, "--source", "by-hand", status=2).stderr
    assert in_force(field, "by-hand") == before
    assert pushed(field, file, "by-hand", "--again")["outcomes"] == {"TAKEN": 1}


@pytest.mark.parametrize("numbers", [(None, 960), (961, None)])
def test_a_file_with_numbers_in_some_changes_alone_is_refused_whole(
    field: DevelopmentServer, tmp_path: Path, numbers: tuple[int | None, int | None]
) -> None:
    file = tmp_path / "some.jsonl"
    changes = [upsert(f"S-{at}", *([number] if number else [])) for at, number in enumerate(numbers)]
    file.write_text("\n".join(map(json.dumps, changes)))
    before = in_force(field, "by-hand")
    said = feed(field, "push", file, "--source", "by-hand", status=2).stderr
    assert "línea 2: sequence: la llevan todos" in said
    assert in_force(field, "by-hand") == before


def test_the_last_change_that_is_refused_stays_missing_until_it_is_corrected(
    field: DevelopmentServer, tmp_path: Path
) -> None:
    """Nothing behind it showed its number: the register was FRESH, and the next file gave the number to another."""
    file, other = tmp_path / "changes.jsonl", tmp_path / "other.jsonl"
    good, refused = ({**upsert(name), "row": row(name, state)} for name, state in (("L-1", "PENDIENTE"), ("L-2", "X")))
    file.write_text(lines(good, refused), encoding="utf-8")
    pushed(field, file, "by-last", status=5)
    until(lambda: [each.get("stale_reason") for each in _positions(field, "by-last")] == ["GAP"], 60.0)
    other.write_text(lines(upsert("L-3")), encoding="utf-8")
    pushed(field, other, "by-last")
    assert [each.get("stale_reason") for each in _positions(field, "by-last")] == ["GAP"]
    file.write_text(lines({**refused, "row": row("L-2"), "sequence": 2}), encoding="utf-8")
    pushed(field, file, "by-last")
    assert not any(each.get("stale") for each in _positions(field, "by-last"))
    assert sorted(in_force(field, "by-last")) == [("L-1", 1, "UPSERT"), ("L-2", 2, "UPSERT"), ("L-3", 3, "UPSERT")]


def test_a_csv_with_a_refused_row_names_line_field_and_rule(field: DevelopmentServer, tmp_path: Path) -> None:
    file = tmp_path / "changes.csv"
    file.write_text(
        "_register,_id,_sequence,_event_time,ORDEN,CUI,ESTADO,FECHA,NOMBRE,NACIMIENTO,DELITO\n"
        f"oj,C-1,1,{EVENT},C-1,{built_field()[1].clean},PENDIENTE,2026-05-05,,,\n"
        f"oj,C-2,2,{EVENT},C-2,{built_field()[1].clean},QUIZAS,2026-05-05,,,\n",
        encoding="utf-8",
    )
    found = pushed(field, file, "by-csv", status=5)
    assert found["outcomes"] == {"TAKEN": 1, "REFUSED": 1}
    [refused] = found["refused"]
    assert (refused["line"], refused["sequence"], refused["reason"], refused["rule"]) == (
        3,
        2,
        "FEED_ROW_REFUSED",
        "unknown_code",
    )
    assert "QUIZAS" not in json.dumps(found)
    said = feed(field, "push", file, "--source", "by-csv", status=5).stdout
    [told] = [line for line in said.splitlines() if "código que el manifiesto no conoce" in line]
    assert "unknown_code" not in said and "La fila no da un registro" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"register": "oj"', "no es JSON"),
        ("[1]", "un cambio es un objeto"),
        ('{"register": "oj", "id": "A", "event_time": "ayer"}', "ISO 8601"),
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "kind": "DELETE"}', "kind"),
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "fila": {}}', "solo conoce"),
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "row": {"A": 1}}', "cada celda es un texto"),
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "row": {"A": "\\ud800"}}', "no es texto Unicode"),
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "kind": []}', "kind"),
        ("[" * 100_000, "no es JSON"),
        ("[\n" + " " * (8 << 20) + "\n]", "un cambio por línea"),
    ],
)
def test_a_file_that_is_none_is_told_before_anything_is_sent(
    field: DevelopmentServer, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "changes.jsonl"
    file.write_text(text, encoding="utf-8")
    assert said in feed(field, "push", file, "--source", "by-file", status=2).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"register": "oj", "id": "A", "event_time": "2026-11-20", "kind": "CANCEL", "kind": "UPSERT"}', "dos veces"),
        (f"_register,_id,_event_time,_Kind\noj,A,{EVENT},CANCEL\n", "con _ solo conoce"),  # would be an UPSERT
    ],
)
def test_a_cancellation_that_might_be_none_is_refused(
    field: DevelopmentServer, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / ("changes.csv" if text.startswith("_") else "changes.jsonl")
    file.write_text(text, encoding="utf-8")
    assert said in feed(field, "push", file, "--source", "by-file", status=2).stderr


def test_a_full_disk_takes_nothing_and_says_so(field: DevelopmentServer, tmp_path: Path) -> None:
    file = tmp_path / "changes.jsonl"
    file.write_text(lines(*(upsert(f"L-{n}", n) for n in range(1, 11))), encoding="utf-8")
    children = psutil.Process(field.server.process.pid).children(recursive=True)
    [writer] = [each for each in children if "ronda.feed.writer" in each.cmdline()]
    size = (field.data / FOLDER / LOG).stat().st_size
    before = writer.rlimit(psutil.RLIMIT_FSIZE)
    writer.rlimit(psutil.RLIMIT_FSIZE, (size + 200, before[1]))
    assert "no tiene espacio" in feed(field, "push", file, "--source", "by-disk", "--patience", "0", status=12).stderr
    assert (field.data / FOLDER / LOG).stat().st_size == size
    writer.rlimit(psutil.RLIMIT_FSIZE, before)
    assert pushed(field, file, "by-disk")["outcomes"] == {"TAKEN": 10}


def test_status_tells_every_register_of_every_source(field: DevelopmentServer) -> None:
    said = feed(field, "status").stdout
    assert "by-folder" in said
    assert "NO AL DÍA: nadie aplica los cambios: falta ronda live" in said, "so answers show it"
    found = json.loads(feed(field, "status", "--json").stdout)
    assert {each["source"] for each in found["positions"]} >= {"by-hand", "by-outbox"}


def test_status_tells_what_could_not_be_applied(field: DevelopmentServer) -> None:
    """Answers show the register STALE for it, whatever the feed itself says."""
    home = field.data / LIVE / str(current_generation(field.data))
    home.mkdir(parents=True)
    states = {"oj": {"as_of_ms": 0, "stale": True, "refused": {"ambiguous_record": 2}}}
    write_view(home, {"base": home.name, "sequence": 0, "deltas": [], "registers": states})
    try:
        until(lambda: "cambios sin aplicar" in feed(field, "status").stdout)
        said = " ".join(feed(field, "status").stdout.split())
        assert "NO AL DÍA: cambios sin aplicar, ronda live no aplica los cambios" in said
        assert "oj: cambios recibidos que no se pudieron aplicar: 2 por el número es de varias filas" in said
        found = json.loads(feed(field, "status", "--json").stdout)["positions"]
        assert {json.dumps(each["unread"]) for each in found} == {'[{"rule": "ambiguous_record", "records": 2}]'}
    finally:
        shutil.rmtree(home)
    assert "sin aplicar" not in feed(field, "status").stdout


def test_a_drop_folder_takes_whole_files_in_order_and_puts_them_away(field: DevelopmentServer, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "002.jsonl").write_text(lines(upsert("D-2", 2), upsert("D-3", 3, row=row("D-9"))), encoding="utf-8")
    (folder / "001.jsonl").write_text(lines(upsert("D-1", 1)), encoding="utf-8")
    (folder / "003.jsonl").write_text(lines(upsert("D-4", 4))[:-20], encoding="utf-8")
    (folder / ".004.jsonl").write_text(lines(upsert("D-5", 5)), encoding="utf-8")
    (folder / "005.txt").write_text(lines(upsert("D-6", 6)), encoding="utf-8")
    assert (
        "005.txt: no se envió nada: se queda" in feed(field, "folder", folder, "--source", "by-folder", "--once").stderr
    )
    assert in_force(field, "by-folder") == [("D-1", 1, "UPSERT"), ("D-2", 2, "UPSERT")]
    assert sorted(each.name for each in folder.iterdir()) == [
        ".004.jsonl", ".ronda-issued", ".ronda-refused", "005.txt", "done", "refused",
    ]  # fmt: skip
    assert sorted(each.name for each in (folder / "done").iterdir()) == [
        "001.jsonl", "001.jsonl.resume", "002.jsonl", "002.jsonl.refused", "002.jsonl.resume",
    ]  # fmt: skip
    assert "no es JSON" in (folder / "refused" / "003.jsonl.why").read_text(encoding="utf-8")
    (folder / "007.jsonl").write_text(lines(upsert("D-7")), encoding="utf-8")
    (folder / "007.jsonl.resume").write_bytes(b"")  # after a power cut
    feed(field, "folder", folder, "--source", "by-folder", "--once")
    assert "está dañado" in (folder / "refused" / "007.jsonl.why").read_text(encoding="utf-8")
    assert "D-7" not in {record_id for record_id, _, _ in in_force(field, "by-folder")}
    (folder / "001.jsonl").write_text(lines(upsert("D-1", 1)), encoding="utf-8")  # one name for each day's file
    feed(field, "folder", folder, "--source", "by-folder", "--once")
    assert {"001.jsonl", "001.jsonl.1"} <= {each.name for each in (folder / "done").iterdir()}


def test_a_drop_folder_takes_files_in_the_registers_own_format(field: DevelopmentServer, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    heading = "ORDEN,CUI,NOMBRE,NACIMIENTO,ESTADO,FECHA,DELITO\n"
    cui = built_field()[1].clean
    (folder / "1.csv").write_text(
        f"{heading}X-1,{cui},,,PENDIENTE,2026-05-05,\nX-2,{cui},,,CANCELADA,2026-05-05,ROBO\n", encoding="utf-8"
    )
    (folder / "2.csv").write_text(f"{heading}X-3,{cui},,,QUIZAS,2026-05-05,\n", encoding="utf-8")
    (folder / "3.csv").write_text(f"{heading}X-4,{cui},,,PENDIENTE,2026-05-05,\nX-5,{cui},,,PEN", encoding="utf-8")
    words = ("folder", folder, "--register", "oj", "--manifests", field.manifests, "--source", "by-rows", "--once")
    feed(field, *words)
    assert in_force(field, "by-rows") == [("X-1", 1, "UPSERT"), ("X-2", 2, "UPSERT")]
    assert dict(last(field, "by-rows").record) == {
        "ORDEN": "X-2", "CUI": cui, "ESTADO": "CANCELADA", "FECHA": "2026-05-05", "DELITO": "ROBO",
        "NOMBRE": "", "NACIMIENTO": "",
    }  # fmt: skip
    assert sorted(each.name for each in (folder / "refused").iterdir()) == ["2.csv", "2.csv.why", "3.csv", "3.csv.why"]
    assert "código que el manifiesto no conoce" in (folder / "refused" / "2.csv.why").read_text(encoding="utf-8")


def test_an_outbox_is_taken_in_the_order_in_which_transactions_end(
    field: DevelopmentServer, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """A transaction that began early and commits late comes before what committed meanwhile, and nothing is skipped."""
    state = tmp_path / "outbox.state"
    options = ("--dsn", outbox_database(postgres, "outbox"), "--state", state, "--source", "by-outbox")
    insert = "INSERT INTO ronda_outbox (register, record_id, cells) VALUES ('oj', %s, %s)"

    def put(connection: psycopg.Connection[Any], record_id: str, **cells: str) -> None:
        connection.execute(insert, (record_id, json.dumps(row(record_id, **cells))))

    dsn = options[1]
    assert isinstance(dsn, str)
    with psycopg.connect(dsn) as slow, psycopg.connect(dsn, autocommit=True) as quick:
        put(slow, "B-1")
        put(quick, "B-2")
        sending = subprocess.Popen(
            [sys.executable, "-m", "ronda.command", "feed", "outbox", *map(str, options), "--server",
             field.server.address, "--heartbeat", "0.2"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            with psycopg.connect(dsn, autocommit=True) as other:  # the program has looked once this is so
                until(lambda: _looks(other) > 0, 60.0)
            assert in_force(field, "by-outbox") == []
            slow.commit()
            until(lambda: len(in_force(field, "by-outbox")) == 2, 60.0)
            assert in_force(field, "by-outbox") == [("B-1", 1, "UPSERT"), ("B-2", 2, "UPSERT")]
            until(lambda: last(field, "by-outbox").kind is Kind.HEARTBEAT, 60.0)
            sending.kill()
            sending.wait()
            put(quick, "B-3")
            quick.execute("INSERT INTO ronda_outbox (register, record_id, kind) VALUES ('oj', 'B-1', 'CANCEL')")
            put(quick, "B-4", ESTADO="QUIZAS")
            put(quick, "B-5")
        finally:
            sending.kill()
            sending.wait()
    feed(field, "outbox", *options, "--once")
    # B-5 waits for the refused one, and not for ever
    assert in_force(field, "by-outbox")[2:4] == [("B-3", 3, "UPSERT"), ("B-1", 4, "CANCEL")]
    with psycopg.connect(dsn, autocommit=True) as quick:
        put(quick, "B-4")
    feed(field, "outbox", *options, "--once")
    until(lambda: len(in_force(field, "by-outbox")) == 7)
    assert sorted(in_force(field, "by-outbox")[4:]) == [
        ("B-4", 5, "UPSERT"),
        ("B-4", 7, "UPSERT"),
        ("B-5", 6, "UPSERT"),
    ]
    assert not any(each["stale"] for each in _positions(field, "by-outbox") if "stale" in each)


def _positions(field: DevelopmentServer, source: str) -> list[dict[str, Any]]:
    found = json.loads(feed(field, "status", "--json").stdout)["positions"]
    return [each for each in found if each["source"] == source]


def _looks(connection: psycopg.Connection[Any]) -> int:
    """Returns how many statements the outbox's reader has run, by what the database counts of its table."""
    found = connection.execute(
        "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'ronda_outbox'"
    ).fetchone()
    return int(found[0]) if found else 0
