"""The input as one UTF-8 CSV file: the agency's own file if it is one, else a copy of it beside OUT."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from clients.agency.cells import folded, neutral
from clients.agency.encoding import UTF_8, UTF_8_MARKED, encoding_of, known_encoding
from clients.agency.failures import AgencyError
from clients.agency.inspection import SAMPLE_BYTES, Beginning, inspect
from clients.agency.kinds import WORKBOOKS, Kind, recognise
from clients.agency.spooling import sheet_names, spool_json_lines, spool_parquet, spool_text, spool_workbook

STDIN = "-"


@dataclass(frozen=True, kw_only=True)
class Source(Beginning):
    """A CSV file in UTF-8.

    path: of the CSV; given: what the clerk named, of `kind`. encoding: of what was given, "" = no text. own: whether
    `path` is a copy that belongs to the run. sheets: of a workbook, the first is the one that is read.
    """

    path: Path
    given: str
    kind: Kind
    encoding: str
    own: bool
    sheets: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Returns the text for the row taken as the header."""
        if not self.has_header:
            return "sin encabezado"
        above = f", tras {self.titles} de título" if self.titles else ""
        return f"fila {self.first_row - 1}{above}"

    @property
    def sheet(self) -> str:
        """Returns the text for the sheet that is read, and the others; "" = no workbook."""
        if not self.sheets:
            return ""
        others = ", ".join(f"«{name}»" for name in self.sheets[1:])
        return f"«{self.sheets[0]}»" + (f"; no se leen: {others}" if others else "")

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size


def open_source(
    given: str,
    copy: Path,
    *,
    encoding: str = "",
    delimiter: str = "",
    header: bool | None = None,
    named: Collection[str] = (),
    keep_copy: bool = False,
    check: Callable[[Path], None],
) -> Source:
    """The source that was named; `copy` is written where the file is not CSV in UTF-8. "-" is standard input.

    named: columns that the clerk named, by which a header is known. keep_copy: a copy that is there is the run's own,
    from before it was interrupted. check: of a workbook, as `spool_workbook` takes it. Raises AgencyError, OSError.
    """
    path = Path(given)
    if given != STDIN and path.is_dir():
        raise AgencyError(f"{given} es un directorio: nombre el archivo.")
    if given != STDIN and not path.is_file():
        raise AgencyError(f"No existe el archivo {given}.")
    if given != STDIN and path.stat().st_size == 0:
        raise AgencyError(f"El archivo {given} está vacío.")
    # Standard input cannot be read again: its copy is text.
    kind = Kind.TEXT if given == STDIN else recognise(path, encoding)
    if kind in _NAMED and header is None:
        header = True
    read_as = UTF_8
    if given == STDIN or kind is not Kind.TEXT or not _is_plain(path, encoding):
        if keep_copy and copy.is_file():
            read_as = _read_as(given, kind, encoding)
        else:
            partly = copy.with_name(f"{copy.name}.tmp")
            try:
                read_as = _spool(given, kind, partly, encoding, check)
            except BaseException:
                partly.unlink(missing_ok=True)
                raise
            partly.replace(copy)
        delimiter = delimiter if kind is Kind.TEXT else ","
        own, path = True, copy
    else:
        own = False
    with path.open("rb") as file:
        seen = inspect(file.read(SAMPLE_BYTES), given, delimiter, header, named)
    sheets = sheet_names(Path(given)) if kind in WORKBOOKS else ()
    return Source(**vars(seen), path=path, given=given, kind=kind, encoding=read_as, own=own, sheets=sheets)


_NAMED = (Kind.PARQUET, Kind.JSON_LINES)  # their columns have names


def _is_plain(path: Path, encoding: str) -> bool:
    """Returns whether a text can be read where it stands."""
    name = known_encoding(encoding) if encoding else encoding_of(path)
    if name not in (UTF_8, UTF_8_MARKED):
        return False
    with path.open("rb") as file:  # lines that end with a carriage return alone are made anew
        head = file.read(SAMPLE_BYTES)
    return b"\n" in head or b"\r" not in head


def _spool(given: str, kind: Kind, copy: Path, encoding: str, check: Callable[[Path], None]) -> str:
    path = Path(given)
    if kind in WORKBOOKS:
        spool_workbook(path, kind, copy, check)
    elif kind is Kind.PARQUET:
        spool_parquet(path, copy)
    elif kind is Kind.JSON_LINES:
        spool_json_lines(path, copy)
    else:
        return spool_text(None if given == STDIN else path, copy, encoding)
    return _read_as(given, kind, encoding)


def _read_as(given: str, kind: Kind, encoding: str) -> str:
    """The encoding of what a copy was made of before; of standard input that of the copy."""
    if kind is Kind.TEXT:
        return known_encoding(encoding) if encoding else UTF_8 if given == STDIN else encoding_of(Path(given))
    return UTF_8 if kind is Kind.JSON_LINES else ""


def header_words(source: Source) -> list[str]:
    """Returns the columns' names for the clerk."""
    return [neutral(name) or f"#{place}" for place, name in enumerate(source.names, 1)]


def places_of(source: Source, name: str) -> list[int]:
    """Places of the columns of that name, accents and capitals aside."""
    return [place for place, each in enumerate(source.names) if each and folded(each) == folded(name)]
