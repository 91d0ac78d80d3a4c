"""The truth of a nation for the bench: persons, owners, and each alert row's subject and damage."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.answers import page

Person = dict[str, Any]  # a row of truth/persons.parquet
_MOST = 50  # persons whom a record by name may be linked to
_SHORT = 2  # words of a name that fits many
_PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname")


@dataclass(frozen=True)
class AlertRow:
    """One alert row of a register."""

    register: str
    record_id: str
    kind: str  # WARRANT...; PROTECTED = the victim's side of an order
    in_force: bool
    means: str  # "CUI n", "PASSPORT country n", "VIN n", "PLATE n"; "" = nobody on file
    damage: tuple[str, ...]
    shows: frozenset[str]

    @property
    def key(self) -> tuple[str, str]:
        """As a hit names it."""
        return self.register, self.record_id


@dataclass
class Truth:
    """All of a nation."""

    persons: dict[str, Person]
    alerts: list[AlertRow]
    owners: dict[str, list[dict[str, str]]]  # CUI -> vehicles owned today: vin, plate
    vehicles: list[dict[str, Any]]
    by_record: dict[tuple[str, str], list[AlertRow]] = field(default_factory=dict)
    _sharers: dict[tuple[str, ...], list[Person]] = field(default_factory=dict)

    @classmethod
    def load(cls, nation: Path) -> Truth:
        """Reads `nation`/truth."""
        folder = nation / "truth"
        persons = {row["cui"]: row for row in pq.read_table(folder / "persons.parquet").to_pylist()}
        records = pq.read_table(folder / "records.parquet")
        alerts = [
            AlertRow(
                row["register"], row["record_id"], row["kind"], row["in_force"], row["means"] or "",
                tuple(row["damage"].split()), frozenset(row["shows"].split()),
            )
            for row in records.to_pylist()
            if row["kind"]
        ]  # fmt: skip
        owners: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in pq.read_table(folder / "owners.parquet").to_pylist():
            owners[row["cui"]].append(row)
        truth = cls(persons, alerts, dict(owners), pq.read_table(folder / "vehicles.parquet").to_pylist())
        for alert in alerts:
            truth.by_record.setdefault(alert.key, []).append(alert)
        for person in persons.values():
            if person["death_date"] is None:
                truth._sharers.setdefault(name_of(person), []).append(person)
        return truth

    def why_not(self, row: AlertRow) -> str:
        """Returns the reason of docs/damage.md why a clerk could not identify the row's subject; "" = possible."""
        unknown = set(row.damage) - page.recognisable() - set(page.hopeless())
        if unknown:
            raise ValueError(f"docs/damage.md knows no {sorted(unknown)[0]}")
        for kind in row.damage:
            if kind in page.hopeless():
                return kind
        if not row.means:
            return "not_on_file"
        if not row.means.startswith("CUI ") or row.shows & {"cui", "cedula", "document"}:
            return ""
        return self._why_not_by_name(row, self.persons[row.means[4:]])

    def _why_not_by_name(self, row: AlertRow, person: Person) -> str:
        left_out = Counter(row.damage)["name_second_left_out"]
        short = len(name_of(person)) - left_out <= _SHORT or "name_one_each" in row.damage
        dated = "birth" in row.shows and not any(kind.startswith("date_") for kind in row.damage)
        if short and not dated and "parents" not in row.shows:
            return "two_faults_short" if "birth" in row.shows else "name_alone"
        if row.shows & {"birth", "parents"}:
            return ""
        if page.recognisable_by_birth_date() & set(row.damage):
            return "name_hurt_undated"
        if not row.shows & {"age", "department"}:
            return "name_alone"
        return "over_fifty" if self._fit(row, person) > _MOST else ""

    def _fit(self, row: AlertRow, person: Person) -> int:
        """Living persons of the same name, of the age or department that the row states."""

        def near(other: Person) -> bool:
            same_age = "age" in row.shows and abs(other["birth_date"].year - person["birth_date"].year) <= 5
            return same_age or ("department" in row.shows and other["home_department"] == person["home_department"])

        return sum(near(other) for other in self._sharers.get(name_of(person), []))


def name_of(person: Person) -> tuple[str, ...]:
    """The words of a person's name."""
    return tuple(word for part in _PARTS if person[part] for word in person[part].split())
