"""Linking: staged standard records become linked records in the order of dossiers (docs/answers.md sections 4 and 5).

staged Parquet --narrow columns--> DuckDB: subjects, links --> links in order of place
      \\________________ wide rows, read once ________________/
                              |
             ranges of entities on disk --> each sorted --> core.assembly.assembler
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from core.assembly.assembler import Ordered
from core.generation.reader import EntityKind
from indexer.linking.database import KEPT, SPILL, LinkedRegister, LinkingDatabase, StagedFile
from indexer.linking.links import Links
from indexer.linking.named_numbers import collect_named_numbers
from indexer.linking.names import link_names, write_reasons
from indexer.linking.names_kept import NAMES, PERSONS, AskedIndex
from indexer.linking.on_file import collect_crossed_claims
from indexer.linking.order import count_links, deal_into_ranges, range_starts, sorted_ranges
from indexer.linking.persons import collect_persons, resolve_persons
from indexer.linking.several_numbers import collect_second_numbers
from indexer.linking.subjects import entity_batches, link_records, number_subjects, write_alerted
from indexer.linking.vehicles import link_vehicles
from indexer.standard import ALERT_PROTECTED
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING

MEMORY_BYTES = 600_000_000  # DuckDB's limit; its own peak may pass it by about a tenth


@dataclass
class Linked:
    """The result of linking. The files lie in the work directory, and stay: the build after a killed one takes them up
    again."""

    persons: int
    vehicles: int
    records: int  # linked records, copies for several POSSIBLE links included
    links: Mapping[
        tuple[int, int], int
    ]  # (ronda.v1.Criterion, stored level) -> links; level 0 = decided when assembling
    alerts: Mapping[int, int]  # ronda.v1.AlertKind -> PENDING records
    subjects: Path
    alerted: Path  # Parquet, subject ids with a PENDING alert record
    reasons: Path  # Parquet, every link by name with its reason (indexer.linking.names.write_reasons)
    names: list[Path] = field(default_factory=list)  # the index by name and the persons meant, where they are kept
    ranges: list[Path] = field(default_factory=list)

    def entities(self) -> Iterator[pa.RecordBatch]:
        """ENTITY_SCHEMA, by entity."""
        return entity_batches(self.subjects)

    def linked(self, *, ahead: int = 1) -> Iterator[Ordered]:
        """LINKED_SCHEMA, in the order of dossiers; `ahead`: ranges sorted while one is read."""
        return sorted_ranges(self.ranges, ahead=ahead)


def join_records(
    database: LinkingDatabase,
    key: bytes,
    on_step: Callable[[str], None] = lambda _: None,
    *,
    keep_names: bool = False,
    asked: AskedIndex | None = None,
) -> tuple[Path, Links]:
    """Applies the rules of linking, in the one order in which they hold. Returns the subjects' file, and every link.

    Builds and live changes (indexer/live) both use it. They differ in the content of the database, and in the index by
    name: changes use the one that the build kept (`keep_names`, then `asked`).
    """
    on_step("identifiers")
    resolve_persons(database)
    collect_crossed_claims(database)
    collect_named_numbers(database)
    collect_persons(database)
    collect_second_numbers(database)
    on_step("vehicles")
    link_vehicles(database)
    on_step("names")
    link_names(database, keep_names, asked)
    on_step("subjects")
    subjects = number_subjects(database, key)
    on_step("links")
    return subjects, link_records(database)


def link(
    files: Sequence[StagedFile],
    registers: Sequence[LinkedRegister],
    key: bytes,
    directory: Path,
    *,
    memory_bytes: int = MEMORY_BYTES,
    threads: int = 2,
    keep_names: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Linked:
    """Links staged records. `directory` (created, the caller removes it) holds spill, links and ranges.

    The same input and key give the same batches, whatever the timing of threads. `on_step` hears a step's name as it
    begins, `on_rows` the rows as they are dealt.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with LinkingDatabase(directory, registers, files, memory_bytes=memory_bytes, threads=threads) as database:
        subjects, links = join_records(database, key, on_step, keep_names=keep_names)
        reasons = directory / "links.parquet"
        write_reasons(database, reasons)
        persons = database.number(f"SELECT count(*) FROM read_parquet('{subjects}') WHERE kind < {EntityKind.VEHICLE}")
        vehicles = database.number(
            f"SELECT count(*) FROM read_parquet('{subjects}') WHERE kind >= {EntityKind.VEHICLE}"
        )
        alerts = database.connection.execute(
            "SELECT alert_kind, count(*) FROM staged "
            f"WHERE alert_kind <> 0 AND alert_state = {ALERT_STATE_PENDING} AND alert_flags & {ALERT_PROTECTED} = 0 "
            "GROUP BY alert_kind ORDER BY alert_kind"
        ).fetchall()
        alerted = directory / "alerted.parquet"
        write_alerted(database, subjects, links, alerted)
        starts = range_starts(links, persons + vehicles)
        ordered = database.files
    on_step("ranges")
    ranges = deal_into_ranges(ordered, links, starts, directory / "ranges", on_rows, threads=threads)
    by_kind = count_links(links)
    for name in ("links", KEPT, SPILL):  # what nobody reads any more makes room for the dossiers
        shutil.rmtree(directory / name, ignore_errors=True)
    names = [directory / NAMES, directory / PERSONS] if keep_names else []
    return Linked(
        persons, vehicles, sum(by_kind.values()), by_kind, dict(alerts), subjects, alerted, reasons, names, ranges
    )
