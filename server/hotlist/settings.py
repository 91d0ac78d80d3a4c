"""Settings of the hot list."""

from __future__ import annotations

from pydantic import Field

from server.settings import SettingsPart


class HotlistSettings(SettingsPart):
    """The size of a list, and how long it is valid."""

    hotlist_entries: int = Field(
        500_000, ge=1, le=2_000_000, description="Most entries of a hot list; the least grave and oldest are left out."
    )
    hotlist_valid_s: int = Field(
        43_200,
        ge=60,
        le=604_800,
        description="How long a hot list answers off line, and its key may be held, in seconds from when it was given.",
    )
