"""The reasons why a record is linked to a person by name: reads links.parquet (docs/answers.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from indexer.build.errors import BuildRefused
from indexer.generations.publishing import GENERATIONS, current_generation

REASONS_FILE = "links.parquet"


@dataclass(frozen=True)
class LinkReason:
    """One link by name. level, agrees, disagrees: numbers of ronda.v1 Level and Criterion.

    people: living persons that the record fits (dead ones if no living one fits). score: of core.names.comparison, 0 to
    1, by names, birth date and sex; None for a person wanted under another number. rule: version of the rules that
    decided.
    """

    register: str
    record_id: str
    version: int
    row: int
    cui: str
    level: int
    agrees: tuple[int, ...]
    disagrees: tuple[int, ...]
    age_band: bool
    people: int
    score: float | None
    rule: str


def link_reasons(data: Path, cui: str, record_id: str, generation: str | None = None) -> list[LinkReason]:
    """Links by name of a record to the person with a CUI; "" for either: to everybody, or of every record.

    Raises BuildRefused when there is no such generation, or it has no such file.
    """
    name = generation or current_generation(data)
    if name is None:
        raise BuildRefused(f"{data} holds no published generation")
    path = data / GENERATIONS / name / REASONS_FILE
    if not path.is_file():
        raise BuildRefused(f"{path} does not exist: the generation is gone, or older than links with reasons")
    table = pq.read_table(path)
    for column, wanted in (("cui", cui), ("record_id", record_id)):
        if wanted:
            table = table.filter(pc.equal(table.column(column), pa.scalar(wanted)))
    return [
        LinkReason(
            register=row["register"],
            record_id=row["record_id"],
            version=row["version"],
            row=row["row"],
            cui=row["cui"],
            level=row["level"],
            agrees=tuple(row["agrees"]),
            disagrees=tuple(row["disagrees"]),
            age_band=row["age_band"],
            people=row["people"],
            score=row["score"],
            rule=row["rule"],
        )
        for row in table.to_pylist()
    ]
