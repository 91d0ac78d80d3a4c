"""Files as they arrive: each defect costs its own row at most, or is reported before anybody is asked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.agency.cells import Unread, csv_cell, read_birth, read_cui, read_name
from tests.agency.agency_kit import Agency, write
from tests.agency.test_clear import CLEAN, WANTED

NOBODY = Agency("127.0.0.1:1")
"""Nobody answers: refused rows are refused without asking."""


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", [], "vacío"),
        (b"\n\n  \n", [], "vacío"),
        (b"\xef\xbb\xbf", [], "vacío"),
        (b"DPI,DPI\n1,2\n", ["--map", "cui=DPI"], "repetido (columnas 1, 2)"),
        (b"a,b\n1,2\n", [], "indíquelas con --map"),
        (b"a,b\n1,2\n", ["--map", "cui=DPI"], "No hay columna «DPI»"),
        (b"DPI\n1\n", ["--map", "dpi=DPI"], "los campos son"),
        (b"nombre,nacimiento\nx,1\n", ["--map", "name=nombre"], "fecha de nacimiento"),
        (b"Juana,x\nPedro,y\n", ["--map", "name=1,born=2"], "--no-header"),
        (b"DPI\n1\n", ["--encoding", "klingon"], "codificación"),
        (b"DPI\n1\n", ["--delimiter", ";;"], "delimitador"),
    ],
)  # fmt: skip
def test_what_is_refused_before_anybody_is_asked(tmp_path: Path, content: bytes, options: list[str], said: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    done = NOBODY.clear(path, tmp_path / "out.csv", *options)
    assert (done.status, said in done.text) == (2, True), done.text
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    done = NOBODY.clear(tmp_path, tmp_path / "out.csv")
    assert (done.status, "es un directorio" in done.text) == (2, True), done.text


@pytest.mark.parametrize("name", ["in.xlsx", "in.parquet", "in.jsonl"])
def test_files_that_are_not_what_their_ending_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x00\xff not at all")
    done = NOBODY.clear(path, tmp_path / "out.csv")
    assert done.status == 2, done.text
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_the_first_person_of_a_file_without_header(agency: Agency, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "Nadie Conocido,14/03/1988", "Otra Persona,01/01/1990")
    options = ["--map", "name=1,born=2", "--no-header"]
    done = agency.clear(path, tmp_path / "out.csv", *options)
    assert (done.status, list(done.codes)) == (0, ["1", "2"]), done.text
    assert done.summary["entrada"]["encabezado"] == "sin encabezado"


def test_each_broken_row_costs_itself(agency: Agency, tmp_path: Path) -> None:
    rows = {
        2: f"{CLEAN}".encode(),
        3: b"2.34571E+12",
        4: b"8.750313310502E+12",  # all its digits: the wanted man
        5: b"8,750313310502E+12".replace(b",", b"."),
        6: b"=1+1",
        7: f'"=""{CLEAN}"""'.encode(),  # as exports keep a number from being read
        8: f"'{CLEAN}".encode(),
        9: f"{CLEAN}.0".encode(),
        10: b"23571\x0011360101",
        11: f"{CLEAN},more".encode(),
        12: b"x" * (10 << 20),
        13: "año".encode("cp1252"),
        14: b"0" + CLEAN.encode(),
        15: b'"never closed',
        16: WANTED.encode(),
        18: b"-1",
    }
    path = tmp_path / "in.csv"
    path.write_bytes(b"\n".join([b"DPI", *(rows.get(number, b"") for number in range(2, 19))]) + b"\n")
    done = agency.clear(path, tmp_path / "out.csv", "--map", "cui=DPI", "--encoding", "utf-8")
    assert done.status == 5, done.text
    assert list(map(int, done.codes)) == sorted(rows), "a blank row is none, every other comes out"
    good = {row for row, code in done.codes.items() if not code.startswith("INVALID")}
    assert good == {"2", "4", "5", "7", "8", "9", "16"}
    assert {done.codes[row] for row in ("4", "5", "16")} == {"WITH_RECORD/RECORD"}
    assert done.rejects["3"] == "cuis/scientific notation"
    assert done.rejects["6"] == "cuis/formula"
    assert done.rejects["10"] == "/NUL byte"
    assert done.rejects["11"] == "/cells"
    assert done.rejects["12"] == "/row too long"
    assert done.rejects["13"] == "/encoding"
    assert done.rejects["15"] == "/row too long"


def test_a_cui_that_lost_its_leading_zero(agency: Agency, tmp_path: Path, cuis: list[str]) -> None:
    zeros = [cui for cui in cuis if cui.startswith("0")]
    whole = agency.clear(write(tmp_path / "whole.csv", "DPI", *zeros), tmp_path / "whole.out.csv", "--map", "cui=DPI")
    lost = agency.clear(
        write(tmp_path / "lost.csv", "DPI", *(cui[1:] for cui in zeros)), tmp_path / "lost.out.csv", "--map", "cui=DPI"
    )
    assert zeros
    assert lost.codes == whole.codes


def test_a_million_blank_lines(agency: Agency, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"DPI\n" + CLEAN.encode() + b"\n" + b"\n" * 1_000_000 + WANTED.encode() + b"\n")
    done = agency.clear(path, tmp_path / "out.csv", "--map", "cui=DPI")
    assert done.status == 0, done.text
    assert list(done.codes) == ["2", "1000003"]
    assert done.summary["filas_en_blanco"] == 1_000_000


def test_a_text_in_another_encoding_than_was_said(agency: Agency, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI,nombre completo", f"{CLEAN},Ñandú", encoding="cp1252")
    done = agency.clear(path, tmp_path / "out.csv", "--map", "cui=DPI,name=2", "--encoding", "utf-8")
    assert done.rejects == {"2": "/encoding"}


@given(st.text(alphabet=st.sampled_from("=+-@\t\r\n\"', ;aÑ1\u00a0\x00"), max_size=8))
def test_no_cell_that_is_written_is_a_formula(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_cell(text) + ",x\n", newline=""))
    assert len(row) == 2
    assert not row[0].lstrip().startswith(("=", "+", "-", "@"))
    assert not row[0].startswith(("\t", "\r", "\n"))
    assert "\n" not in row[0]
    for delimiter in ";\t":  # as a spreadsheet of another locale opens it
        (row,) = csv.reader(io.StringIO(csv_cell(text) + "\n", newline=""), delimiter=delimiter)
        assert len(row) <= 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("14/03/1988", 19880314), ("1988-03-14", 19880314), ("19880314", 19880314), ("4-3-1988", 19880304),
        ("1988-03-14 00:00:00", 19880314), ("", 0),
    ],
)  # fmt: skip
def test_birth_dates(text: str, read: int) -> None:
    assert read_birth(text) == read


@pytest.mark.parametrize("text", ["31/02/1988", "03/14/1988", "14/03/88", "1988", "hoy", "=TODAY()"])
def test_no_birth_dates(text: str) -> None:
    with pytest.raises(Unread):
        read_birth(text)


@pytest.mark.parametrize("text", ["2.3E+12", "-2.357111360101E+12", "2.35711136010E+12", "+1", "@x", "a\nb"])
def test_no_cuis(text: str) -> None:
    with pytest.raises(Unread):
        read_cui(text)


def test_names_in_a_code_page_that_was_not_seen(tmp_path: Path) -> None:
    """Read as CP1252 they are letters of nobody's name, and a wanted person would come out as without record."""
    path = tmp_path / "in.csv"
    names = ["Ana Ixcoy", "Rubí Pérez", "Nuñez", "Simón", "JOSÉ", "María", "Raúl", "Juárez", "Martínez", "Tz'i K'iche'"]
    text = "".join(f"{name};14/03/1988\n" for name in ["nombre", *names]).replace("14/03/1988", "nacimiento", 1)
    for encoding, invalid in (("cp850", 8), ("mac_roman", 8)):
        path.write_bytes(text.encode(encoding))
        done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run")
        assert f"no válidas: {invalid}" in done.text, (encoding, done.text)
        assert "--encoding cp850" in done.text
        assert "no válidas: 0" in NOBODY.clear(path, tmp_path / "out.csv", "--dry-run", "--encoding", encoding).text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_blanks_that_do_not_break_and_apostrophes_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "in.csv"
    names = ["María\u00a0de\u00a0la\u00a0Cruz\u00a0Pérez", "Tz\u2019unun K\u2019iche\u2019", "Q\u2019eq O\u2019Brien"]
    path.write_text("nombre;nacimiento\n" + "".join(f"{name};14/03/1988\n" for name in names), encoding=encoding)
    assert "no válidas: 0" in NOBODY.clear(path, tmp_path / "out.csv", "--dry-run").text


@pytest.mark.parametrize("name", ["JosÃ© PÃ©rez", "MarÃ\xada", "NuÃ±ez", "Mar¡a", "P‚rez", "Nu–ez", "RenŽe", "P?rez"])
def test_names_of_misread_letters(name: str) -> None:
    with pytest.raises(Unread, match="misread letters"):
        read_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "José María Ñáñez Güell",
        "O\u2019Brien",
        "D´Angelo",
        "JOÃO",
        "Gal·la",
        "García\u2013López",
        "M.ª (viuda) de León, 2",
        "Žižek",
    ],
)
def test_names_that_are_as_they_should_be(name: str) -> None:
    assert read_name(name) == name


def test_a_line_that_is_no_object_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", f'{{"DPI": "{CLEAN}"}}', "", "[1, 2]", f'{{"DPI": "{WANTED}"}}')
    done = NOBODY.clear(path, tmp_path / "out.csv", "--map", "cui=DPI")
    assert (done.status, "in.jsonl, línea 3: no es un objeto JSON" in done.text) == (2, True), done.text
