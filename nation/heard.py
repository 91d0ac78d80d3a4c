"""A person in one row of a register of alerts: the written data, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

from nation import days
from nation.days import NO_DAY
from nation.people import NOBODY


@dataclass
class Heard:
    """One person in one row. "" and None are not stated."""

    person: int = NOBODY  # the truth: place in the block
    means: str = ""  # the truth where it is no person of the block: "PASSPORT HND F123"; "" = nobody on file
    damage: list[str] = field(default_factory=list)  # the truth: ids of docs/damage.md
    cui: str = ""
    document_country: str = ""
    document: str = ""
    cedula: str = ""  # as written
    parts: dict[str, str] = field(default_factory=dict)  # by `written_names.PARTS`, only those written
    full: str = ""
    birth: int = NO_DAY
    month_only: bool = False  # the day of the month is not known
    birth_written: str = ""  # the birth date as it stands in the row, where not in the register's own way
    age: int | None = None  # apparent, today; registers write that of the record's day
    sex: int = 0
    department: int = 0  # of residence, INE
    father: str = ""
    mother: str = ""

    def part(self, name: str) -> str:
        """A name part; "" = not written."""
        return self.parts.get(name, "")

    def age_on(self, day: int, today: int) -> int | None:
        """Apparent age on a record's day, at least 1; None = not stated."""
        return None if self.age is None else max(self.age - (today - day) // 365, 1)

    def birth_text(self, form: str) -> str:
        """Birth date; its day is 00 where only the month is known; "" = unknown."""
        if self.birth_written:
            return self.birth_written
        if self.birth == NO_DAY:
            return ""
        if self.month_only:
            form = form.replace("%d", "00")
        return days.date(self.birth).strftime(form)

    def shows(self) -> str:
        """Returns the row's data besides a name, as words: cui, cedula, document, birth, age, department, parents."""
        stated = {"cui": self.cui, "cedula": self.cedula, "document": self.document,
                  "birth": self.birth != NO_DAY, "age": self.age is not None, "department": self.department,
                  "parents": self.father or self.mother}  # fmt: skip
        return " ".join(word for word, value in stated.items() if value)
