"""Ronda against the list: names.bin of the 5,000, asked as a search and a check ask it, and two names by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log2
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from bench.foreign_list.verdict import FIRST, Asked

_TYPES: dict[str, pa.DataType] = {
    "I": pa.uint32(),
    "u": pa.utf8(),
    "s": pa.int16(),
    "c": pa.int8(),
    "C": pa.uint8(),
    "i": pa.int32(),
}
_SEX = {"F": 1, "M": 2, "": 0}


def birth_of(text: str) -> tuple[int, int, int]:
    """Year, month and day, each 0 where the text lacks it."""
    year, month, day = (*(int(part) for part in text.split("-") if part), 0, 0, 0)[:3]
    return year, month, day


class Product:
    """The list as Ronda has it on file.

    index, comparison: core.linking.index and core.names.comparison, or an older commit's modules of these.
    at: where its names.bin is written. strict: that commit's search asks as a check with an argument of its own.
    """

    def __init__(
        self,
        listed: Iterable[dict[str, Any]],
        at: Path,
        index: ModuleType,
        comparison: ModuleType,
        strict: bool = False,
    ) -> None:
        self.comparison, self.strict = comparison, strict
        people = sorted(listed, key=lambda row: (birth_of(row["birth"]), row["id"]))
        self.ids = [row["id"] for row in people]
        schema = pa.schema([(name, _TYPES[code]) for name, code in index.CLAIM_FIELDS])
        claims = [claim for entity, row in enumerate(people) for claim in self._claims(entity, row)]
        index.build_names(at, [pa.RecordBatch.from_pylist(claims, schema=schema)])
        self.index = index.NameIndex(at)

    def _claims(self, entity: int, row: dict[str, Any]) -> list[dict[str, Any]]:
        """A claim a name: in parts where the list has fields, else as it stands."""
        parts, name_text = row["parts"], self.comparison.name_text
        given = " ".join(text for text in (parts.get("given", ""), parts.get("patronymic", "")) if text)
        names = [name_text(given, parts.get("surname", ""), "", row["name"]) if parts else name_text(full=row["name"])]
        names += [name_text(full=alias["name"]) for alias in row["aliases"]]
        year, month, day = birth_of(row["birth"])
        return [
            {"entity": entity, "name_text": name.decode(), "birth_year": year, "birth_month": month, "birth_mday": day,
             "sex": _SEX[row["sex"]]}
            for name in names
        ]  # fmt: skip

    def _found(self, asked: Asked, **more: Any) -> Any:
        birth, sex = birth_of(asked.birth), _SEX[asked.sex]
        return self.index.search(asked.name, birth=birth, sex=sex, limit=FIRST, **more).matches

    def search(self, asked: Asked) -> list[tuple[str, float]]:
        """As verdict.Search: the first page of SearchPersons."""
        found = self._found(asked) if self.strict else self._found(asked, filling=True)
        return [(self.ids[match.entity], match.score) for match in found]

    def told(self, asked: Asked) -> list[tuple[str, int]]:
        """The first page of SearchPersons by evidence above the prior, hundredths of a bit."""
        prior = floor(100 * log2(self.index.population) + 0.5)
        found = self._found(asked, filling=True)
        return [(self.ids[match.entity], round(100 * match.evidence) - prior) for match in found]

    def alerted(self, asked: Asked) -> list[str]:
        """As verdict.Alerted: who would be POSSIBLE in a check."""
        if self.strict:
            return [self.ids[match.entity] for match in self._found(asked, strict=True, possible=0.5)]
        return [self.ids[match.entity] for match in self._found(asked) if match.alerts]

    def alike(self, row: dict[str, Any]) -> float:
        """As verdict.Alike."""
        score: float = self.comparison.similarity(row["name_1"], row["name_2"])
        return score
