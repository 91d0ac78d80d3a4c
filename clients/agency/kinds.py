"""The kind of a file by its content, whatever its name says; a kind that is not read is refused, with the way out."""

from __future__ import annotations

import mmap
import re
import zipfile
from enum import StrEnum
from pathlib import Path

from clients.agency.encoding import encoding_of, known_encoding
from clients.agency.failures import AgencyError


class Kind(StrEnum):
    """Names the kinds that are read, for the clerk."""

    TEXT = "texto"
    WORKBOOK = "xlsx"
    OLD_WORKBOOK = "xls"
    OPEN_DOCUMENT = "ods"
    PARQUET = "parquet"
    JSON_LINES = "jsonl"


WORKBOOKS = (Kind.WORKBOOK, Kind.OLD_WORKBOOK, Kind.OPEN_DOCUMENT)

_HEAD_BYTES = 4096
_SAVE_XLSX = "ábralo en Excel o LibreOffice y guárdelo como .xlsx"
_ASK_ANEW = "pida la lista como .xlsx o CSV a quien la hizo"
_EXTRACT = "extraiga la lista y nombre ese archivo"
_TO_A_SHEET = "copie la tabla a una hoja de cálculo y guárdela como .xlsx"
_EXPORT = "exporte la tabla como CSV en UTF-8"
_PASSWORD = ("un archivo con contraseña", "ábralo, quítele la contraseña y guárdelo como .xlsx")
_DAMAGED = (
    "un archivo dañado o cortado",
    "ábralo en Excel o LibreOffice, guárdelo de nuevo como .xlsx o pídalo otra vez",
)
_UNKNOWN = ("un archivo de un tipo que no se conoce", "guárdelo como .xlsx o CSV desde el programa que lo hizo")
_WEB_PAGE = ("una página web (HTML)", _SAVE_XLSX)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SIGNATURES: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (b"%PDF-", ("un PDF", _ASK_ANEW)),
    (b"\x89PNG\r\n", ("una imagen (PNG)", _ASK_ANEW)),
    (b"\xff\xd8\xff", ("una imagen (JPEG)", _ASK_ANEW)),
    (b"GIF8", ("una imagen (GIF)", _ASK_ANEW)),
    (b"II*\x00", ("una imagen (TIFF)", _ASK_ANEW)),
    (b"MM\x00*", ("una imagen (TIFF)", _ASK_ANEW)),
    (b"\x1f\x8b", ("un archivo comprimido (gzip)", _EXTRACT)),
    (b"7z\xbc\xaf", ("un archivo comprimido (7z)", _EXTRACT)),
    (b"Rar!\x1a", ("un archivo comprimido (rar)", _EXTRACT)),
    (b"\xfd7zXZ", ("un archivo comprimido (xz)", _EXTRACT)),
    (b"BZh", ("un archivo comprimido (bzip2)", _EXTRACT)),
    (b"\x28\xb5\x2f\xfd", ("un archivo comprimido (zstd)", _EXTRACT)),
    (b"{\\rtf", ("un documento de Word (RTF)", _TO_A_SHEET)),
    (b"SQLite format 3\x00", ("una base de datos (SQLite)", _EXPORT)),
    (b"\x00\x01\x00\x00Standard ", ("una base de datos (Access)", _EXPORT)),
    # The records with which the workbooks of Excel 2 to 4 begin: they stand in no container.
    *((bytes((9, version, size, 0)), ("un libro de Excel muy antiguo", _SAVE_XLSX))
      for version, size in ((0, 4), (2, 6), (4, 6))),
)  # fmt: skip
# Formats that show their kind behind the first bytes.
_PATTERNS = (
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), ("una imagen (WEBP)", _ASK_ANEW)),
    (re.compile(rb".{4}ftyp(?:heic|heix|mif1|avif)", re.DOTALL), ("una imagen (HEIC)", _ASK_ANEW)),
    (re.compile(rb"BM.{4}\x00{4}", re.DOTALL), ("una imagen (BMP)", _ASK_ANEW)),
)
# Beginnings of texts, without leading blanks.
_TEXTS = (
    (
        re.compile(r"(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|meta|body|table|style|div)\b", re.I | re.S),
        _WEB_PAGE,
    ),
    (re.compile(r"MIME-Version:", re.I), _WEB_PAGE),
    (re.compile(r"<\?xml\b|<[a-z][\w:.-]*\s+xmlns", re.I), ("un archivo XML", _SAVE_XLSX)),
    (
        re.compile(r"\[\s*(?:\{|\])"),
        ("un JSON en una sola lista", "escriba un objeto por línea (JSON por líneas), o guárdela como CSV"),
    ),
)
_JSON_LINE = re.compile(r'\{\s*["}]')
# Entries of a container.
_PARTS = (
    ("xl/workbook.bin", ("un libro binario de Excel (.xlsb)", _SAVE_XLSX)),
    ("word/document.xml", ("un documento de Word", _TO_A_SHEET)),
    ("ppt/presentation.xml", ("una presentación", _TO_A_SHEET)),
)
_STREAMS = (
    ("EncryptedPackage", _PASSWORD),
    ("WordDocument", ("un documento de Word", _TO_A_SHEET)),
    ("PowerPoint Document", ("una presentación", _TO_A_SHEET)),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f]")
_MANY_CONTROLS = 0.1  # of the first characters: no text has as many
_LATIN = 0x250
_MOSTLY = 0.8


def recognise(path: Path, encoding: str = "", shown: str = "") -> Kind:
    """The kind of a file. encoding: as the clerk gave it; shown: what the clerk calls the file, its name without it.

    Raises AgencyError: it is of a kind that is not read, or of none; OSError.
    """
    shown = shown or path.name
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_ZIP):
        return _kind_of_container(path, shown)
    if head.startswith(_OLE):
        return _kind_of_ole(path, shown)
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    for signature, told in _SIGNATURES:
        if head.startswith(signature):
            raise _refusal(shown, told)
    for pattern, told in _PATTERNS:
        if pattern.match(head):
            raise _refusal(shown, told)
    return _kind_of_text(path, head, encoding, shown)


def damaged(shown: str) -> AgencyError:
    """Returns the refusal of a damaged file of a known kind."""
    return _refusal(shown, _DAMAGED)


def protected(shown: str) -> AgencyError:
    """The refusal of a file with a password."""
    return _refusal(shown, _PASSWORD)


def unreadable_open_document(shown: str) -> AgencyError:
    """The refusal of an .ods that the reader does not understand: some programs write it in a way of their own."""
    return _refusal(shown, ("un .ods que no se puede leer", _SAVE_XLSX))


def _refusal(shown: str, told: tuple[str, str]) -> AgencyError:
    what, way_out = told
    return AgencyError(f"{shown} es {what}: {way_out}.")


def _kind_of_container(path: Path, shown: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mime = archive.read("mimetype")[:100] if "mimetype" in names else b""
            manifest = archive.read("META-INF/manifest.xml") if mime and "META-INF/manifest.xml" in names else b""
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError, NotImplementedError):
        raise damaged(shown) from None
    if b"encryption-data" in manifest:
        raise protected(shown)
    if b"opendocument.spreadsheet" in mime:
        return Kind.OPEN_DOCUMENT
    for part, told in _PARTS:
        if part in names:
            raise _refusal(shown, told)
    if "xl/workbook.xml" in names:
        return Kind.WORKBOOK
    if any(name.endswith((".iwa", "Index.zip")) for name in names):
        raise _refusal(shown, ("un libro de Numbers", "en Numbers elija Archivo, Exportar a, Excel"))
    if b"opendocument" in mime:
        raise _refusal(shown, ("un documento de LibreOffice que no es hoja de cálculo", _TO_A_SHEET))
    raise _refusal(shown, ("un archivo comprimido (zip)", _EXTRACT))


def _kind_of_ole(path: Path, shown: str) -> Kind:
    """Returns the kind by the names of its streams, which stand in UTF-16."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name, told in _STREAMS:
            if content.find(_stream(name)) >= 0:
                raise _refusal(shown, told)
        if any(content.find(_stream(name)) >= 0 for name in ("Workbook", "Book")):
            return Kind.OLD_WORKBOOK
    raise _refusal(shown, _UNKNOWN)


def _stream(name: str) -> bytes:
    return f"{name}\x00".encode("utf-16-le")


def _kind_of_text(path: Path, head: bytes, encoding: str, shown: str) -> Kind:
    name = known_encoding(encoding) if encoding else encoding_of(path)
    text = head.decode(name, "ignore").lstrip("\ufeff")
    if name in ("utf-16-le", "utf-16-be") and not encoding:  # known by zero bytes, which other files have too
        latin = sum(ord(letter) < _LATIN for letter in text)
        if latin < _MOSTLY * len(text):
            raise _refusal(shown, _UNKNOWN)
    if _CONTROLS.match(text) or len(_CONTROLS.findall(text)) > _MANY_CONTROLS * len(text):
        raise _refusal(shown, _UNKNOWN)
    begun = text.lstrip()
    for pattern, told in _TEXTS:
        if pattern.match(begun):
            raise _refusal(shown, told)
    return Kind.JSON_LINES if _JSON_LINE.match(begun) or path.suffix.lower() in (".jsonl", ".ndjson") else Kind.TEXT
