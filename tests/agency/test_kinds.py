"""Files of kinds that are not read are known by their content, not their name, before anybody is asked."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.agency.agency_kit import Agency, rewrite, write
from tests.agency.test_bad_input import NOBODY
from tests.agency.test_clear import CLEAN, WANTED

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
LIST = f"DPI,Nombre\n{CLEAN},Ana\n"
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def _zip(**parts: bytes | str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", ".").replace("_MINUS_", "-"), part)
    return made.getvalue()


def _ole(*streams: str) -> bytes:
    return OLE.ljust(512, b"\x00") + b"".join(f"{name}\x00".encode("utf-16-le").ljust(128, b"\x00") for name in streams)


def _ods(between: str) -> bytes:
    cells = between.join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("DPI", "Nombre")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {NAMESPACES}><office:body><office:spreadsheet>'
        f'<table:table table:name="Hoja"><table:table-row>{between}{cells}{between}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _zip(mimetype=SPREADSHEET, content_DOT_xml=content, META_MINUS_INF__manifest_DOT_xml="<manifest/>")


LOCKED_ODS = _zip(mimetype=SPREADSHEET, META_MINUS_INF__manifest_DOT_xml="<manifest:encryption-data/>")

UNREAD = {
    "xlsb": (_zip(xl__workbook_DOT_bin=b"x"), "un libro binario de Excel (.xlsb): ábralo en Excel"),
    "biff2": (b"\x09\x00\x04\x00\x02\x00\x10\x00" + b"\x00" * 60, "un libro de Excel muy antiguo"),
    "biff4": (b"\x09\x04\x06\x00\x00\x00\x10\x00" + b"\x00" * 60, "un libro de Excel muy antiguo"),
    "password": (_ole("Root Entry", "EncryptionInfo", "EncryptedPackage"), "contraseña: ábralo, quítele"),
    "ods password": (LOCKED_ODS, "contraseña"),
    "doc": (_ole("Root Entry", "WordDocument"), "un documento de Word: copie la tabla"),
    "docx": (_zip(word__document_DOT_xml="x"), "un documento de Word"),
    "ole": (_ole("Root Entry", "Otro"), "un tipo que no se conoce"),
    "cut xls": (_ole("Root Entry", "Workbook"), "dañado o cortado"),
    "ods of SheetJS": (_ods("\n      "), "un .ods que no se puede leer"),
    "odt": (_zip(mimetype="application/vnd.oasis.opendocument.text"), "no es hoja de cálculo"),
    "numbers": (_zip(Index__Document_DOT_iwa="x"), "un libro de Numbers: en Numbers elija Archivo, Exportar a"),
    "zip": (_zip(lista_DOT_csv=LIST), "un archivo comprimido (zip): extraiga"),
    "cut zip": (_zip(lista_DOT_csv=LIST)[:40], "dañado o cortado"),
    "gzip": (gzip.compress(LIST.encode()), "un archivo comprimido (gzip)"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "un PDF: pida la lista"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "una imagen (PNG)"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "una imagen (JPEG)"),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00", "una imagen (HEIC)"),
    "html": (f"\r\n <TABLE border=1><tr><td>{CLEAN}</TABLE>".encode(), "una página web (HTML): ábralo en Excel"),
    "html of a bank": (b"<!-- banco -->\n<html xmlns:x='urn:schemas-microsoft-com:office:excel'>", "una página web"),
    "utf-16 html": ("<html><table></table></html>".encode("utf-16"), "una página web"),
    "mhtml": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "una página web"),
    "xml of Excel 2003": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook>', "un archivo XML: ábralo en Excel"),
    "rtf": (b"{\\rtf1\\ansi", "un documento de Word (RTF)"),
    "json": (f'[\n  {{"DPI": "{CLEAN}"}}\n]'.encode(), "un JSON en una sola lista: escriba un objeto por línea"),
    "sqlite": (b"SQLite format 3\x00" + b"\x00" * 80, "una base de datos (SQLite)"),
    "dbf": (b"\x03\x7e\x0b\x1e\x02\x00\x00\x00" + b"\x00" * 24 + b"DPI" + b"\x00" * 60, "un tipo que no se conoce"),
    "program": (b"\x7fELF\x02\x01\x01" + b"\x00" * 200, "un tipo que no se conoce"),
    "utf-32": (LIST.encode("utf-32"), "un tipo que no se conoce"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["in.csv", "in.xlsx", "in.xls", "in.parquet", "in.jsonl"])
@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_not_read_is_named_and_says_the_way_out(tmp_path: Path, kind: str, name: str) -> None:
    content, said = UNREAD[kind]
    path = tmp_path / name
    path.write_bytes(content)
    done = NOBODY.clear(path, tmp_path / "out.csv")
    assert (done.status, said in done.text) == (2, True), done.text
    assert done.text.startswith(f"{name} es ") and CLEAN not in done.text
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_standard_input_is_told_too() -> None:
    done = NOBODY.clear("-", Path("/tmp/never.csv"), typed=UNREAD["pdf"][0])
    assert (done.status, done.text) == (
        2,
        "La entrada estándar es un PDF: pida la lista como .xlsx o CSV a quien la hizo.\n",
    )
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    assert "nombre el archivo" in NOBODY.clear("-", Path("/tmp/never.csv"), typed=book.getvalue()).text


@pytest.mark.parametrize("name", ["in.csv", "in.xls", "in.ods", "in", "in.jsonl.txt"])
def test_what_is_read_is_read_whatever_it_is_called(agency: Agency, tmp_path: Path, name: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["DPI"], [int(WANTED)], [CLEAN]):
        sheet.append(row)
    path = tmp_path / name
    codes = {"2": "WITH_RECORD/RECORD", "3": "NO_RECORD/NOTHING_ON_FILE"}
    book.save(tmp_path / "book.xlsx")
    contents = [(tmp_path / "book.xlsx").read_bytes(), f"DPI\tNombre\n{WANTED}\tñ\n{CLEAN}\tx\n".encode("utf-16")]
    for number, content in enumerate(contents):
        path.write_bytes(content)
        done = agency.clear(path, tmp_path / f"out{number}.csv", "--map", "cui=DPI")
        assert done.codes == codes, done.text
    write(path, f'{{"DPI": "{WANTED}"}}', f'{{"DPI": "{CLEAN}"}}')
    done = agency.clear(path, tmp_path / "json.csv")
    assert done.status == 0 and list(done.codes.values()) == list(codes.values()), done.text


def test_an_open_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(_ods(""))
    done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run", "--map", "cui=DPI")
    assert (done.status, "Formato ods" in done.text) == (0, True), done.text


def test_a_workbook_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    openpyxl.Workbook().save(path)
    rewrite(path, lambda name, part: part[:50] if name == "xl/workbook.xml" else part)
    done = NOBODY.clear(path, tmp_path / "out.csv")
    assert (done.status, "un archivo dañado o cortado" in done.text) == (2, True), done.text
