"""Settings of the feed. As shipped nothing is fed: no source is named."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from server.settings import MIB, SettingsPart, parse_address

_NAME = r"^[a-z][a-z0-9-]{0,31}$"


class FeedSource(BaseModel):
    """One source: who numbers changes, of which registers, and how they come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str = Field(pattern=_NAME)  # of the trust directory: it alone pushes to this source
    registers: tuple[str, ...] = Field(min_length=1)
    by: Literal["push"] = "push"
    silent_s: int = Field(60, ge=5)  # after that without change or heartbeat its registers are STALE


class FeedSettings(SettingsPart):
    """The sources that may feed registers, and the time limits of the feed."""

    feed_sources: dict[str, FeedSource] = Field(
        {},
        description="Sources of changes (docs/feed.md): name -> table of `institution`, `registers`, `silent_s`; in "
        "the environment as JSON. Empty = nothing is fed.",
    )
    feed_listen: str = Field(
        "",
        description="Address of FeedService alone, host:port (docs/feed.md): a process of its own answers there, so "
        "that no message of a feed stands before a check. Bound as `listen` is, where FeedService is answered too; "
        "empty = off.",
    )
    feed_hold_ms: int = Field(
        500,
        ge=0,
        le=60_000,
        description="How long a change waits for one that is missing before it, in milliseconds; then it is in force "
        "all the same, and its register STALE until what is missing comes.",
    )
    feed_future_s: int = Field(
        60, ge=0, description="How far ahead of the server's clock an event may lie, in seconds; more is refused."
    )
    feed_idle_s: int = Field(300, ge=1, description="Time that a Push stream may stay silent, in seconds.")
    max_feed_message_bytes: int = Field(
        4 * MIB, ge=1024, description="Largest message of a Push stream, in bytes; larger is MESSAGE_TOO_LARGE."
    )

    @field_validator("feed_sources")
    @classmethod
    def _names(cls, sources: dict[str, FeedSource]) -> dict[str, FeedSource]:
        for name in sources:
            if not name.replace("-", "").isalnum() or not name.isascii() or name != name.lower() or len(name) > 32:
                raise ValueError(f"{name!r}: a source's name has 1 to 32 lower-case letters, digits and hyphens")
        return sources

    @field_validator("feed_listen")
    @classmethod
    def _is_an_address_or_off(cls, text: str) -> str:
        if text:
            parse_address(text)
        return text

    @model_validator(mode="after")
    def _somebody_feeds(self) -> Self:
        if self.feed_listen and not self.feed_sources:
            raise ValueError("feed_listen: nobody feeds; name them in feed_sources, or leave it empty")
        return self

    @property
    def fed_registers(self) -> frozenset[str]:
        """Returns the registers of all sources."""
        return frozenset(register for source in self.feed_sources.values() for register in source.registers)
