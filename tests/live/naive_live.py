"""Base and changes together, in plain Python: the wanted persons, how certain it is, and whether that is all."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Warrant:
    """As a register or a change states it."""

    person: int
    pending: bool


@dataclass(frozen=True)
class Extract:
    """A court's warrants by id, and the feed's sequence that it states; 0 = it holds nothing of the feed."""

    warrants: dict[str, Warrant]
    holds_to: int = 0


@dataclass(frozen=True)
class Fed:
    """A change's word on a record; None = cancelled."""

    sequence: int
    record_id: str
    warrant: Warrant | None


@dataclass
class NaiveLive:
    """A fed change wins over every extract, whenever that was made, but one that states its sequence."""

    extract: Extract
    fed: list[Fed] = field(default_factory=list)
    lacking: bool = False

    def upsert(self, sequence: int, record_id: str, warrant: Warrant) -> None:
        """The record as it stands now."""
        self.fed.append(Fed(sequence, record_id, warrant))

    def cancel(self, sequence: int, record_id: str) -> None:
        """It holds no more, whoever states it."""
        self.fed.append(Fed(sequence, record_id, None))

    def now(self) -> dict[str, Warrant]:
        """Returns what a whole extract of this moment would state; cancelled ones are left out."""
        found: dict[str, Warrant | None] = dict(self.extract.warrants)
        found |= {each.record_id: each.warrant for each in self.fed if each.sequence > self.extract.holds_to}
        return {record_id: warrant for record_id, warrant in found.items() if warrant is not None}

    def doubted(self) -> set[str]:
        """Records that the extract lists, though the last that it holds of the feed had closed them."""
        last = {each.record_id: each.warrant for each in self.fed if each.sequence <= self.extract.holds_to}
        closed = {record_id for record_id, warrant in last.items() if warrant is None or not warrant.pending}
        return closed - {each.record_id for each in self.fed if each.sequence > self.extract.holds_to}

    def level(self, person: int) -> str:
        """Returns the level of a check by a number that is on file."""
        doubted = self.doubted()
        wanted = {
            record_id not in doubted
            for record_id, warrant in self.now().items()
            if warrant.pending and warrant.person == person
        }
        if wanted:
            return "HIT" if True in wanted else "POSSIBLE"
        return "INCOMPLETE" if self.lacking else "CLEAR"
