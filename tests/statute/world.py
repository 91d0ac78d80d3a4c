"""The rows of registers in a case."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from nation.making import make_nation
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.statute.registers import FILLERS, MANIFESTS
from tests.statute.tables import Case, Cells

_BY = {
    "warrant": "oj",
    "restrained": "oj",
    "protected": "oj",
    "sentence": "oj",
    "escape": "sapo",
    "travel ban": "migracion",
}
_BY |= {"police record": "sapo"}
_BY |= dict.fromkeys(
    [
        "missing person",
        "missing child",
        "stolen document",
        "misused identity",
        "stolen vehicle",
        "stolen plate",
        "discreet",
    ],
    "mp",
)
_SURNAME = re.compile(r"\{(\d)\}")
_DAY = re.compile(r"today([+-]\d+)?")
_TOKEN = re.compile(r"@(\w+)(?:\.(\w+))?(?:/(\w+))?")
# Of few: none is nearly another, and none is a given name.
SURNAMES = (Path(__file__).parent / "surnames.txt").read_text(encoding="ascii").split()
_SEED = 40_961
_STALE_S = 40 * 86_400  # beyond `stale_after` of every register here
_EACH = 20  # persons of a case whose numbers follow each other; of more, far from other cases'
_MORE, _MORE_EACH = 500_000, 400
_SPREAD = 7_919_317  # between numbers of two persons: no CUI is one slip from another


class Words:
    """The meaning of a case's words: `@ana` is Ana's CUI, `@ana/digit` a slip of it, `@ana.born` Ana's birth date.

    `{1}` in a name is a surname that no other case has in that pair; `today-3` a day.
    """

    def __init__(self, place: int, case: Case | None = None) -> None:
        """place: of the case among all, from 1 on."""
        self._place = place
        self._persons = {person["id"]: person for person in (case.persons if case is not None else ())}
        self._known = {who: at for at, who in enumerate(self._persons)}

    def told(self, text: str) -> str:
        """A cell as it stands in a row or a question. Raises ValueError for a word that is none of these."""
        if token := _TOKEN.fullmatch(text):
            who, what, slip = token.groups()
            return _slipped(self._of(who, what or "cui"), slip or "")
        if day := _DAY.fullmatch(text):
            return (today() + datetime.timedelta(int(day[1] or 0))).isoformat()
        return _SURNAME.sub(lambda found: self._surname(int(found[1])), text)

    def born(self, who: str) -> str:
        """Stated, or a day of this person's own."""
        if "born" in (person := self._persons.get(who, {})):
            return self.told(person["born"])
        at = self._number(who)
        return f"{1955 + at % 37}-{2 + at % 11:02}-{1 + at * 7 % 28:02}"

    def _surname(self, which: int) -> str:
        return SURNAMES[(self._place * 5 + which * 13 + self._place // len(SURNAMES)) % len(SURNAMES)]

    def _number(self, who: str) -> int:
        at = self._known.setdefault(who, len(self._known))
        return self._place * _EACH + at if at < _EACH else _MORE + self._place * _MORE_EACH + at

    def _of(self, who: str, what: str) -> str:
        at = self._number(who)
        digits = f"{(13_000_000 + at * _SPREAD) % 48_000_000 + 1_000_000:08d}"
        if what == "cui":
            return cui_of(int(digits))
        if what == "name":
            return self.told(self._persons[who]["name"])
        if what == "born":
            return self.born(who)
        if what in ("passport", "licence"):
            return "BL"[what == "licence"] + digits
        if what == "vin":
            return f"3N1AB7AP5FY{at:06d}"
        if what == "engine":
            return f"QR25{at:06d}X"
        if what == "plate":
            return f"P-{at % 900 + 100:03d}{_letters(at // 900)}"
        if what == "nit":
            check = -sum(int(digit) * weight for weight, digit in enumerate(reversed(digits), 2)) % 11
            return f"{digits}-{'0123456789K'[check]}"
        raise ValueError(f"@{who}.{what}: a cui, name, born, nit, passport, licence, vin, engine or plate")


def _letters(number: int) -> str:
    consonants = "BCDFGHJKLM"
    return consonants[number // 100 % 10] + consonants[number // 10 % 10] + consonants[number % 10]


def _slipped(text: str, slip: str) -> str:
    if slip == "":
        return text
    if slip == "digit":
        return text[:5] + str((int(text[5]) + 3) % 10) + text[6:]
    if slip == "exchanged":
        at = next(at for at in range(1, 7) if text[at] != text[at + 1])
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if slip == "place":
        return text[:9] + "1315"
    if slip == "lost":
        return text[:6] + text[7:]
    born = datetime.date.fromisoformat(text)
    if slip == "day":
        return (born + datetime.timedelta(1)).isoformat()
    if slip == "year":
        return born.replace(year=born.year + 1).isoformat()
    if slip == "other":
        return datetime.date(born.year + 13, born.month % 12 + 1, born.day % 27 + 1).isoformat()
    raise ValueError(f"/{slip}: digit, exchanged, place or lost of a number; day, year or other of a birth date")


def today() -> datetime.date:
    """The day in Guatemala."""
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=6)).date()


def rows_of(case: Case, name: str, words: Words) -> Iterator[tuple[str, Cells]]:
    """(register, row) of everything that the case has on file."""
    for at, person in enumerate(case.persons):
        cells = {key: value for key, value in person.items() if key not in ("id", "by")}
        cells.setdefault("number", f"{name} p{at}")
        cells.setdefault("born", f"@{person['id']}.born")
        by = person.get("by", "renap")
        if by == "renap":
            cells.setdefault("cui", f"@{person['id']}")
            cells.setdefault("sex", "F" if words.told(cells["name"]).split()[0].endswith("A") else "M")
        else:
            cells.setdefault("kind", {"sat": "taxpayer", "migracion": "crossing"}.get(by, ""))
            cells.setdefault("issued", "2024-03-04")
        yield by, {key: words.told(value) for key, value in cells.items()}
    for at, vehicle in enumerate(case.vehicles):
        cells = {"kind": "vehicle", "number": f"{name} v{at}", "plate": f"@{vehicle['id']}.plate"}
        cells |= {"vin": f"@{vehicle['id']}.vin", **vehicle}
        del cells["id"]
        yield "sat", {key: words.told(value) for key, value in cells.items()}
    for at, order in enumerate(case.orders):
        cells = {
            "number": f"{name} o{at}",
            "issued": "2020-05-05",
            "certificate": "yes",
            "court": "JUZGADO SEGUNDO PENAL",
        }
        cells |= {"causa": f"{name} {at}", **order}
        by = cells.pop("by", _BY[order["kind"]])
        yield by, {key: words.told(value) for key, value in cells.items()}


def write(
    directory: Path, cases: Iterable[tuple[str, Case, Words]], states: Mapping[str, str], among: int = 0
) -> SmallRegisters:
    """The rows of all cases as files with their manifests. states: of registers that are stale or missing. among: so
    many others are on file, of the nation's names."""
    registers = SmallRegisters(directory)
    for left in (*registers.sources.iterdir(), *registers.manifests.iterdir()):
        left.unlink()
    filler = Words(0)
    rows = {name: [{k: filler.told(v) for k, v in row.items()} for row in FILLERS[name]] for name in MANIFESTS}
    for name, found in rows.items():
        found[0].setdefault("number", f"filler {name}")
    for name, case, words in cases:
        for register, row in rows_of(case, name, words):
            rows[register].append(row)
    if among:
        rows["renap"] += _others(among, directory / "nation")
    for name, manifest in MANIFESTS.items():
        withdrawn = "withdrawn = true\n" if states.get(name) == "missing" else ""
        text = manifest.replace("stale_after", f"{withdrawn}stale_after", 1)
        (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        path = registers.sources / f"{name}.jsonl"
        lines = [json.dumps(row, ensure_ascii=False) for row in rows[name]]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if states.get(name) == "stale":
            told = path.stat().st_mtime - _STALE_S
            os.utime(path, (told, told))
    return registers


def _others(count: int, directory: Path) -> list[Cells]:
    """So many persons of a nation, as the civil registry has them."""
    make_nation(count, _SEED, datetime.date(2026, 1, 2), directory, damage=0)
    found: list[Cells] = []
    for one in pq.read_table(directory / "truth" / "persons.parquet").to_pylist():
        parts = (one[part] for part in ("first_given", "second_given", "first_surname", "second_surname"))
        cells = {"cui": one["cui"], "name": " ".join(filter(None, parts)), "born": one["birth_date"].isoformat()}
        if one["death_date"]:
            cells["died"] = one["death_date"].isoformat()
        found.append({"number": f"other {len(found)}", "sex": "MF"[one["sex"] == 2], **cells})
    return found
