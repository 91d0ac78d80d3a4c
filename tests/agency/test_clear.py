"""A file goes in, each of its rows comes out once, in order, with what the server says of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader

from clients.agency.blocks import BLOCK_BYTES
from nation import cast_people
from tests.agency.agency_kit import ROOT, Agency, table, workbook_rows, write
from tests.server.running_server import until

WANTED = f"{cast_people.cui_of(cast_people.PLACES['wanted'], 5, 2):013d}"
CLEAN = f"{cast_people.cui_of(cast_people.PLACES['clean'], 1, 1):013d}"
UNKNOWN = cast_people.unknown_cui()


def test_the_example(agency: Agency, tmp_path: Path) -> None:
    done = agency.clear(ROOT / "examples" / "agency.csv", tmp_path / "out.csv")
    assert done.status == 5, done.text
    assert [row["fila"] for row in done.rows] == [str(number) for number in range(2, 20)]
    codes = done.codes
    assert codes["2"] == "NO_RECORD/NOTHING_ON_FILE"
    assert {codes[row] for row in ("3", "5", "6")} == {"WITH_RECORD/RECORD"}
    assert (codes["4"], codes["8"], codes["15"]) == ("REVIEW/DECEASED", "REVIEW/MISUSED", "REVIEW/NOT_FOUND")
    assert codes["14"] == "REVIEW/NAME_MATCH", "a wanted namesake is never `with records`"
    assert done.rejects == {
        "16": "birth_dates/a name needs one",
        "17": "cuis/scientific notation",
        "18": "cuis/checksum",
        "19": "names/formula",
    }
    assert [row["fila"] for row in table(done.beside("homonimos.csv"))] == ["4", "8", "14", "15"]
    assert done.summary["filas"] == 18 == sum(done.summary["resultados"].values())
    assert not list(tmp_path.glob("*.tmp")) and not list(tmp_path.glob("*avance*"))
    page = PdfReader(done.beside("recibo.pdf"))
    assert len(page.pages) == 1
    text = page.pages[0].extract_text()
    assert done.summary["muestra"] is True and "MUESTRA: datos inventados" in text
    assert "sin firma" in text and done.summary["generacion"] in text and done.summary["entrada"]["sha256"] in text


@pytest.mark.parametrize("ending", ["xlsx", "parquet", "jsonl", "cp1252", "utf-16", "stdin", "semicolon", "no header"])
def test_each_kind_of_file_comes_to_the_same(agency: Agency, tmp_path: Path, ending: str) -> None:
    heads = ["Núm. DPI", "Año", "DPI"]
    rows = [["a", "ñandú", WANTED], ["b", "1", CLEAN], ["c", "x", UNKNOWN]]
    path = tmp_path / f"in.{ending}"
    typed, options = b"", ["--map", "cui=DPI"]
    lines = [",".join(row) for row in [heads, *rows]]
    if ending == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(heads)
        for row in rows:  # a number, as a spreadsheet keeps it: shown as 8.75E+12, held whole
            sheet.append([*row[:2], int(row[2])])
        book.save(path)
    elif ending == "parquet":
        pq.write_table(pa.table(dict(zip(heads, zip(*rows, strict=True), strict=True))), path)
    elif ending == "jsonl":
        write(path, *(json.dumps(dict(zip(heads, row, strict=True))) for row in rows))
    elif ending == "semicolon":
        write(path, *(line.replace(",", ";") for line in lines))
    elif ending == "no header":
        write(path, *lines[1:])
        options = ["--map", "cui=3"]
    elif ending == "stdin":
        typed = "".join(f"{line}\n" for line in lines).encode()
    else:
        write(path, *lines, encoding=ending)
    done = agency.clear("-" if typed else path, tmp_path / "out.csv", *options, typed=typed)
    assert done.status == 0, done.text
    first = 1 if ending == "no header" else 2
    assert list(done.codes.items()) == [
        (str(first), "WITH_RECORD/RECORD"),
        (str(first + 1), "NO_RECORD/NOTHING_ON_FILE"),
        (str(first + 2), "REVIEW/NOT_FOUND"),
    ]
    assert not list(tmp_path.glob("*.tmp"))


def _rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    if path.suffix == ".xlsx":
        return workbook_rows(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".xlsx"])
def test_results_in_another_format(agency: Agency, tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / "in.csv", "DPI", WANTED, CLEAN)
    done = agency.clear(path, tmp_path / f"out{ending}", "--json")
    assert json.loads(done.text)["filas"] == 2
    assert [(row["fila"], row["codigo"]) for row in _rows_of(done.out)] == [
        (2, "WITH_RECORD/RECORD"),
        (3, "NO_RECORD/NOTHING_ON_FILE"),
    ]
    parts = [agency.clear(path, tmp_path / f"{part}{ending}", "--part", f"{part}/3").out for part in (1, 2, 3)]
    assert [row for part in parts for row in _rows_of(part)] == _rows_of(done.out), "each part has its first row"


def test_vehicles(agency: Agency, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "placa,vin", "P-323ZZB,", "323ZZB,", ",NOVIN")
    done = agency.clear(path, tmp_path / "out.csv", "--map", "plate=placa,vin=vin")
    assert done.codes["2"] == "WITH_RECORD/RECORD"
    assert done.codes["3"] == "REVIEW/UNCERTAIN_IDENTIFIER"
    assert list(done.rejects) == ["4"]
    refused = agency.clear(path, tmp_path / "other.csv", "--standard", "police", "--map", "plate=placa")
    assert set(refused.rejects.values()) == {"plates/only for WANTED", "/nothing was asked"}


def test_parts_join_to_the_whole(agency: Agency, tmp_path: Path, cuis: list[str]) -> None:
    size = 3 * BLOCK_BYTES
    lines = [f"{number},{cuis[number % len(cuis)]}" for number in range(size // 20)]
    path = write(tmp_path / "in.csv", "id,DPI", *lines)
    whole = agency.clear(path, tmp_path / "whole.csv")
    parts = [agency.clear(path, tmp_path / f"part{part}.csv", "--part", f"{part}/3") for part in (1, 2, 3)]
    assert [done.status for done in (whole, *parts)] == [0] * 4
    assert b"".join(part.out.read_bytes() for part in parts) == whole.out.read_bytes()
    assert sum(part.summary["filas"] for part in parts) == whole.summary["filas"] == len(lines)


def test_a_signature_that_openssl_verifies(agency: Agency, tmp_path: Path) -> None:
    key, public = tmp_path / "key.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    path = write(tmp_path / "in.csv", "DPI", CLEAN)
    done = agency.clear(path, tmp_path / "out.csv", "--key", str(key))
    assert done.status == 0, done.text
    verify: list[str | Path] = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        public,
        "-rawin",
        "-in",
        done.beside("resumen.json"),
    ]
    subprocess.run([*verify, "-sigfile", done.beside("resumen.json.firma")], check=True, capture_output=True)
    assert "sin firma" not in PdfReader(done.beside("recibo.pdf")).pages[0].extract_text()


def test_a_dry_run_asks_nobody(tmp_path: Path) -> None:
    nobody = Agency("127.0.0.1:1")
    done = nobody.clear(ROOT / "examples" / "agency.csv", tmp_path / "out.csv", "--dry-run", "--json")
    told = json.loads(done.text)
    assert (done.status, told["filas"], told["no_validas"]) == (0, 18, 4)
    assert told["columnas"] == {"cui": "DPI", "name": "nombre completo", "born": "fecha de nacimiento"}
    assert list(tmp_path.iterdir()) == []


def test_a_clerk_at_a_terminal(agency: Agency, tmp_path: Path) -> None:
    """Columns are shown and asked in Spanish; nothing that is printed is wider than 80 columns."""
    path = write(tmp_path / "in.csv", "DPI", WANTED, CLEAN)
    running = agency.start_at_terminal(path, tmp_path / "out.csv")
    until(lambda: "¿Son ésas? (s/n)" in running.text or running.process.poll() is not None)
    running.press(b"quiero\n")
    until(lambda: running.text.count("¿Son ésas? (s/n)") == 2)
    running.press("sí\n".encode())
    assert running.wait() == 0, running.text
    assert "CON REGISTRO: consta con este documento" in running.text
    assert max(map(len, running.text.splitlines())) <= 80, running.text


def test_what_is_there_is_not_written_over(agency: Agency, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI", CLEAN)
    assert agency.clear(path, tmp_path / "out.csv").status == 0
    assert agency.clear(path, tmp_path / "out.csv").status == 2
    assert agency.clear(path, tmp_path / "out.csv", "--resume").status == 2
    assert agency.clear(path, tmp_path / "out.csv", "--restart").status == 0
