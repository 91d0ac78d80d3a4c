"""Settings of the indexer."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr, field_validator


class IndexerSettings(BaseModel):
    """The sources of registers, and the older generations to keep."""

    sources: Path = Field(
        Path("data/sources"), description="Indexer: directory that the manifests' paths are relative to."
    )
    manifests: Path | None = Field(
        None,
        description="Indexer: directory of manifests; empty = the twelve that come with Ronda (indexer/registers).",
    )
    keep_generations: int = Field(
        3, ge=0, description="Indexer: generations kept for roll-back besides the current one."
    )
    keep_gib: int = Field(
        0, ge=0, description="Indexer: older generations beyond so many GiB are collected; 0 = no limit."
    )
    indexer_memory_mib: int = Field(
        1024, ge=64, description="Indexer: memory limit of the database that links, in MiB."
    )
    indexer_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Indexer: registers read, and parts linked and sorted, at a time; 0 = the cores at hand. Each "
        "takes some 300 MiB.",
    )
    index_live: bool = Field(
        False, description="Indexer: keep what `ronda live` needs to apply changes (docs/live.md), as with --live."
    )
    mart_sources: Path = Field(
        Path("data/incidents"), description="Mart: directory of the files that institutions publish (docs/numbers.md)."
    )
    mart_manifests: Path | None = Field(
        None,
        description="Mart: directory of manifests of sources; empty = Ronda's own (indexer/mart/sources).",
    )
    mart_threads: int = Field(0, ge=0, le=256, description="Mart: threads of the database that builds; 0 = one a core.")
    postgres: dict[str, SecretStr] = Field(
        {},
        description="Indexer: PostgreSQL DSN of each register that is read from a database, register id -> DSN; "
        "in the environment as JSON.",
    )

    @field_validator("postgres")
    @classmethod
    def _no_password_in_sight(cls, dsns: dict[str, SecretStr]) -> dict[str, SecretStr]:
        """Refuses secrets in settings: they come from files. An environment is inherited, and visible to others."""
        for register, dsn in dsns.items():
            if re.search(r"password\s*=|//[^/@]*:[^/@]*@", dsn.get_secret_value(), re.IGNORECASE):
                raise ValueError(f"{register}: no password in the DSN; name a file: passfile=/path (libpq)")
        return dsns
