"""The meaning of each column: guessed from headers and cells, or as `--map` says; unsure ones need confirmation."""

from __future__ import annotations

from dataclasses import dataclass

from clients.agency.cells import Unread, cui_problem, folded, read_birth, read_cui
from clients.agency.failures import AgencyError
from clients.agency.headings import FIELDS, GIVEN, HEADERS, SURNAMES
from clients.agency.source import Source, header_words, places_of

_NO_KNOWN_HEADER = "No se sabe si la primera línea es el encabezado: indique --header o --no-header."
_SURE = 0.9  # share of a column's cells that must be what its header says
_BY_CONTENT = 3  # cells at least that make a column without a known header a sure one


@dataclass(frozen=True)
class Columns:
    """Places of the columns of each field that is used; several are joined by a space. sure: nobody need be asked."""

    places: dict[str, tuple[int, ...]]
    sure: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are used, in their order."""
        return tuple(field for field in FIELDS if field in self.places)

    def told(self, source: Source) -> dict[str, str]:
        """Field -> what its columns are called."""
        words = header_words(source)
        return {field: "+".join(words[place] for place in self.places[field]) for field in self.fields}


def mapped(source: Source, text: str) -> Columns:
    """The columns of `--map`: cui=DPI,name=NOMBRES+APELLIDOS,born=3. Raises AgencyError."""
    places: dict[str, tuple[int, ...]] = {}
    by_name = False
    for part in text.split(","):
        field, equals, names = (word.strip() for word in part.partition("="))
        if field not in FIELDS or not equals or not names:
            raise AgencyError(f"--map se escribe campo=columna; los campos son {', '.join(FIELDS)}.")
        if field in places:
            raise AgencyError(f"--map nombra dos veces el campo {field}.")
        places[field] = tuple(_place(source, name.strip()) for name in names.split("+"))
        by_name = by_name or any(places_of(source, name.strip()) for name in names.split("+"))
    _complete(places)
    if not (source.header_sure or by_name):
        raise AgencyError(_NO_KNOWN_HEADER)
    return Columns(places, sure=True)


def named_columns(text: str) -> tuple[str, ...]:
    """Returns the columns that `--map` names."""
    names = (name.strip() for part in text.split(",") for name in part.partition("=")[2].split("+"))
    return tuple(name for name in names if name and not name.lstrip("#").isdecimal())


def _place(source: Source, name: str) -> int:
    found = places_of(source, name)
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(place + 1) for place in found)
        raise AgencyError(f"El encabezado «{name}» está repetido (columnas {numbers}): escriba el número en --map.")
    if name.lstrip("#").isdecimal() and 1 <= int(name.lstrip("#")) <= len(source.names):
        return int(name.lstrip("#")) - 1
    raise AgencyError(f"No hay columna «{name}». Columnas: {', '.join(header_words(source))}.")


def _complete(places: dict[str, tuple[int, ...]]) -> None:
    if not places:
        raise AgencyError("No se sabe qué columna consultar: indique --map, por ejemplo --map cui=DPI.")
    if "name" in places and "born" not in places and "cui" not in places:
        raise AgencyError("Un nombre necesita fecha de nacimiento: agregue born=COLUMNA a --map.")
    if "born" in places and not {"name", "cui"} & places.keys():
        raise AgencyError("Una fecha de nacimiento sola no identifica: agregue name=COLUMNA a --map.")


def guessed(source: Source, *, vehicles: bool) -> Columns:
    """The columns as header and cells let one think. vehicles: plates and VINs count too (standard WANTED)."""
    places: dict[str, tuple[int, ...]] = {}
    sure = True
    for field in FIELDS if vehicles else FIELDS[:3]:
        known = HEADERS[field].split()
        found = [place for place, name in enumerate(source.names) if folded(name) in known]
        if not found:
            continue
        places[field] = (found[0],)
        sure = sure and len(found) == 1 and _looks(source, field, found[0])
    if in_parts := _in_parts(source):
        places["name"] = in_parts
    if "cui" not in places and not {"plate", "vin"} & places.keys():
        found = [place for place in range(len(source.names)) if _is_cui_column(source, place)]
        if found:
            places["cui"] = (found[0],)
            sure = sure and len(found) == 1
    if "name" in places and "born" not in places and "cui" not in places:
        sure = False
    if "born" in places and "name" not in places:
        del places["born"]
    return Columns(places, sure and bool(places) and source.header_sure)


def confirmed(columns: Columns) -> Columns:
    """A guess that the clerk has said yes to. Raises AgencyError: what it lacks."""
    _complete(columns.places)
    return Columns(columns.places, sure=True)


def _in_parts(source: Source) -> tuple[int, ...]:
    headers = {folded(name): place for place, name in enumerate(source.names) if name}
    given = [headers[name] for name in GIVEN if name in headers]
    surnames = [headers[name] for name in SURNAMES if name in headers]
    if not given and surnames and "NOMBRE" in headers:
        given = [headers["NOMBRE"]]
    return (*given, *surnames) if given and surnames else ()


def _cells(source: Source, place: int) -> list[str]:
    return [row[place] for row in source.sample if place < len(row) and row[place].strip()]


def _looks(source: Source, field: str, place: int) -> bool:
    """Returns whether most cells agree with the header; an empty column does not contradict it."""
    cells = _cells(source, place)
    wrong = sum(not _is(field, cell) for cell in cells)
    return not cells or wrong <= max(len(cells) * (1 - _SURE), len(cells) // 3 if len(source.sample) <= 30 else 0)


def _is(field: str, cell: str) -> bool:
    try:
        if field == "cui":
            return cui_problem(read_cui(cell)) not in ("characters", "length")
        if field == "born":
            return read_birth(cell) > 0
    except Unread:
        return False
    return any(letter.isalpha() for letter in cell) if field == "name" else any(each.isdecimal() for each in cell)


def _is_cui_column(source: Source, place: int) -> bool:
    cells = _cells(source, place)
    return (
        len(cells) >= _BY_CONTENT and sum(_is("cui", cell) and not _bad(cell) for cell in cells) >= len(cells) * _SURE
    )


def _bad(cell: str) -> bool:
    try:
        return bool(cui_problem(read_cui(cell)))
    except Unread:
        return True
