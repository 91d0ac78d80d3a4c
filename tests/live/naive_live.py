"""What a base and changes come to, in plain Python: who is wanted, and whether that is known to be all."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Warrant:
    """As a register or a change states it."""

    person: int
    pending: bool


@dataclass
class NaiveLive:
    """A court's warrants by id. A fed change wins over every extract, whenever that was made."""

    extract: dict[str, Warrant]
    fed: dict[str, Warrant | None] = field(default_factory=dict)  # None = cancelled
    lacking: bool = False

    def upsert(self, record_id: str, warrant: Warrant) -> None:
        """The record as it stands now."""
        self.fed[record_id] = warrant

    def cancel(self, record_id: str) -> None:
        """It holds no more, whoever states it."""
        self.fed[record_id] = None

    def now(self) -> dict[str, Warrant]:
        """What a whole extract of this moment would state; cancelled ones are left out."""
        both: dict[str, Warrant | None] = {**self.extract, **self.fed}
        return {record_id: warrant for record_id, warrant in both.items() if warrant is not None}

    def level(self, person: int) -> str:
        """Of a check by a number that is on file."""
        if any(warrant.pending and warrant.person == person for warrant in self.now().values()):
            return "HIT"
        return "INCOMPLETE" if self.lacking else "CLEAR"
