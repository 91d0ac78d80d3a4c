"""A nation built by the real pipeline for tests: registers, PostgreSQL, generation, engine, oracle."""

from __future__ import annotations

import datetime
import json
import pickle
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from indexer.build.options import BuildOptions
from indexer.manifest.loading import SHIPPED_MANIFESTS
from indexer.pipeline import build
from nation.making import DAMAGED, make_nation
from ronda.demo.postgres_cluster import PostgresCluster
from tests.kit.between_workers import locked

if TYPE_CHECKING:
    from core.engine.entry import Engine
    from tests.oracle import Oracle


@dataclass
class BuiltNation:
    """A nation and the generation made of it. `directory` holds registers/, truth/ and data/."""

    directory: Path
    dsn: str
    manifests: Path = SHIPPED_MANIFESTS
    elsewhere: dict[str, Path] = field(default_factory=dict)  # directory that a carried-forward register was read from

    @property
    def registers(self) -> Path:
        return self.directory / "registers"

    @property
    def truth(self) -> Path:
        return self.directory / "truth"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @cached_property
    def dsns(self) -> Mapping[str, str]:
        """The DSN of each register that arrives as PostgreSQL."""
        found = {}
        for path in self.manifests.glob("*.toml"):
            manifest = tomllib.loads(path.read_text(encoding="utf-8"))
            if any(source["format"] == "postgresql" for source in manifest["source"]):
                found[manifest["register"]["id"]] = self.dsn
        return found

    @cached_property
    def cast(self) -> dict[str, Any]:
        """truth/cases.json: who the special cases are about, and what their maker expects."""
        found: dict[str, Any] = json.loads((self.truth / "cases.json").read_text(encoding="utf-8"))
        return found

    def build(self, **options: Any) -> None:
        build(
            BuildOptions(
                data=self.data,
                sources=self.registers,
                manifests=self.manifests,
                dsns=self.dsns,
                terminal=False,
                quiet=True,
                **options,
            )
        )

    @property
    def generation_directory(self) -> Path:
        return self.data / "generations" / (self.data / "CURRENT").read_text(encoding="utf-8").strip()

    @property
    def manifest(self) -> dict[str, Any]:
        text = (self.generation_directory / "MANIFEST.json").read_text(encoding="utf-8")
        manifest: dict[str, Any] = json.loads(text)
        return manifest

    @property
    def as_of_ms(self) -> int:
        """The latest as-of of the registers: a clock at which those that are not late are fresh."""
        return max(r["as_of_ms"] or 0 for r in self.manifest["registers"])

    @cached_property
    def engine(self) -> Engine:
        from core.engine.entry import Engine
        from core.generation.store import Generation

        return Engine(Generation.open(self.generation_directory))

    @cached_property
    def oracle(self) -> Oracle:
        """Returns the registers as a naive reader has them; the first worker of a run to ask reads, the others get it.

        At 10,000 persons it takes 80 s of CPU to read them, and 6 s to take them over.
        """
        from tests.oracle import Oracle

        kept = self.directory / f"oracle-{self.manifest['generation_id']}.pickle"
        with locked(kept.with_suffix(".lock")):
            if kept.exists():
                found: Oracle = pickle.loads(kept.read_bytes())
                return found
            made = Oracle.load(
                self.registers,
                self.manifests,
                self.dsns,
                self.manifest,
                (self.data / "subject.key").read_bytes(),
                self.elsewhere,
            )
            kept.write_bytes(pickle.dumps(made, protocol=5))
        return made


def new_database(cluster: PostgresCluster) -> str:
    """DSN of a database of its own, so that one nation does not replace another's tables."""
    name = f"nation_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(cluster.dsn, dbname=name)


def build_nation(
    directory: Path,
    cluster: PostgresCluster,
    persons: int,
    seed: int,
    as_of: datetime.date | None = None,
    damage: float = DAMAGED,
) -> BuiltNation:
    """Makes a nation, loads its PostgreSQL registers and publishes a generation of it. `damage`: damaged rows beside
    each alert row.
    """
    dsn = new_database(cluster)
    make_nation(persons, seed, as_of, directory, dsn, damage=damage)
    nation = BuiltNation(directory, dsn)
    nation.build()
    return nation
