"""Settings of the confirmation of hits."""

from __future__ import annotations

from pydantic import Field, field_validator

from server.settings import SettingsPart

ANY_REGISTER = "*"
DESKS: dict[str, list[str]] = {
    ANY_REGISTER: ["pnc"],
    "oj": ["oj", "pnc"],
    "mp": ["mp", "pnc"],
    "migracion": ["migracion", "pnc"],
}


class ConfirmationSettings(SettingsPart):
    """The desks to ask, how long to wait, how long to show."""

    confirmation_desks: dict[str, list[str]] = Field(
        DESKS,
        description="For each register the institutions whose desks confirm its alerts, in the order in which they are "
        'asked; "*" = any other register.',
    )
    confirmation_urgent_s: int = Field(
        600, ge=1, description="Time that a desk has for an urgent confirmation, in seconds; then the next is asked."
    )
    confirmation_routine_s: int = Field(3600, ge=1, description="The same for a routine one.")
    confirmation_shown_s: int = Field(
        604_800,
        ge=60,
        le=2_000_000,
        description="How long a denial shows in every check of that hit, in seconds, unless its desk takes it back; a "
        "confirmation, and that nobody answered, show for a day at most.",
    )

    @field_validator("confirmation_desks")
    @classmethod
    def _every_register_has_a_desk(cls, desks: dict[str, list[str]]) -> dict[str, list[str]]:
        if ANY_REGISTER not in desks or not all(desks.values()):
            raise ValueError('names at least one institution for each register, and for "*"')
        return desks
