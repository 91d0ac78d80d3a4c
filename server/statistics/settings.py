"""Settings of statistics."""

from __future__ import annotations

from pydantic import Field

from server.settings import SettingsPart


class StatisticsSettings(SettingsPart):
    """The resources of a worker that a table may take."""

    statistics_memory_mib: int = Field(
        256, ge=64, description="Memory that a worker gives to the database that counts figures, in MiB."
    )
    statistics_threads: int = Field(1, ge=1, le=64, description="Threads that a worker gives to one table of figures.")
