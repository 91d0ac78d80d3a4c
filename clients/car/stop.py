"""One stop at the roadside: its vehicle, owner and driver, so that nobody types twice; and the last questions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clients.car.layers import Layers
    from ronda.v1 import vehicle_pb2

HISTORY = 20


class Role(Enum):
    """The subject of a question."""

    ANY = "Consulta"
    OWNER = "Dueño"
    DRIVER = "Conductor"


class Found(IntEnum):
    """The officer's way of finding the person in a question: numbers of ronda.v1.SubjectFound, which is imported
    later."""

    GIVEN = 0
    CHOSEN = 2
    COMPARED = 3


@dataclass(frozen=True)
class Asked:
    """A question as it can be asked again. `person`: fields of CheckPersonRequest, instead of the one box."""

    words: str
    role: Role = Role.ANY
    person: dict[str, str] = field(default_factory=dict)
    found: Found = Found.GIVEN

    @property
    def person_found(self) -> Found:
        """Returns the value for the server; none for a vehicle, because its plate is compared with the car."""
        return self.found if self.person else Found.GIVEN

    def again(self) -> Asked:
        """The question as the history asks it: a document that was compared then is not compared now."""
        found = Found.CHOSEN if self.found is Found.COMPARED else self.found
        return replace(self, role=Role.ANY, found=found)


@dataclass(frozen=True)
class Shown:
    """An answer on the screen. `took`: seconds from Enter."""

    asked: Asked
    response: Any
    layers: Layers
    at: datetime
    took: float


class Stop:
    """The present stop of the officer."""

    def __init__(self) -> None:
        self.vehicle: Shown | None = None
        self.owner: Shown | None = None
        self.driver: Shown | None = None

    def begin(self, role: Role) -> None:
        """A question begins: what was known of its place is of before, and goes; a plain one is a new stop."""
        if role is Role.OWNER:
            self.owner = None
        elif role is Role.DRIVER:
            self.driver = None
        else:
            self.vehicle = self.owner = self.driver = None

    def take(self, shown: Shown) -> Shown:
        """Files an answer and returns it; another vehicle is another stop, also one asked about as the driver."""
        if _of_vehicle(shown) is not None:
            shown = replace(shown, asked=replace(shown.asked, role=Role.ANY))
            self.vehicle, self.owner, self.driver = shown, None, None
        elif shown.asked.role is Role.OWNER:
            self.owner = shown
        elif shown.asked.role is Role.DRIVER:
            self.driver = shown
        return shown

    @property
    def owners(self) -> list[vehicle_pb2.Owner]:
        """Owners of the stop's vehicle who can be asked about."""
        vehicle = _of_vehicle(self.vehicle)
        return [each for each in vehicle.owners if asked_of_owner(each) is not None] if vehicle is not None else []

    def owners_asked(self) -> list[tuple[vehicle_pb2.Owner, Asked]]:
        """The owners of the stop's vehicle with their questions: chosen, unless a full plate or VIN led there."""
        found = Found.GIVEN if _is_certain_vehicle(self.vehicle) else Found.CHOSEN
        pairs = [(owner, asked_of_owner(owner)) for owner in self.owners]
        return [(owner, replace(asked, found=found)) for owner, asked in pairs if asked is not None]

    def parts(self) -> list[tuple[str, Shown]]:
        """Returns the known answers of the stop, by name."""
        named = (("Vehículo", self.vehicle), (Role.OWNER.value, self.owner), (Role.DRIVER.value, self.driver))
        return [(word, shown) for word, shown in named if shown is not None]

    def graver_parts(self, shown: Shown, *, outdated: Callable[[Shown], bool]) -> list[tuple[str, int]]:
        """Name and level of each other part of the stop with an alert, where the answer on the screen has none."""
        from ronda.v1 import level_pb2

        graver = [level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT]
        if shown.layers.level in graver or all(part is not shown for _, part in self.parts()):
            return []
        others = [(word, part) for word, part in self.parts() if part is not shown and not outdated(part)]
        return [(word, part.layers.level) for word, part in others if part.layers.level in graver]

    def driver_line(self) -> str:
        """Returns whether the driver is an owner; "" while either is unknown.

        Who drives is not known by a name, by a choice from a list, or by a document that is not the bearer's.
        """
        if self.driver is None or self.driver.asked.found is Found.CHOSEN or not _is_certain_person(self.driver):
            return ""
        driver = subject_id(self.driver)
        owners = {owner.person.subject_id for owner in self.owners} - {""}
        if not driver or not owners:
            return ""
        return "El conductor es el dueño." if driver in owners else "El conductor NO es el dueño registrado."


class History:
    """The last questions and what they came to, in memory only."""

    def __init__(self) -> None:
        self._kept: deque[Shown] = deque(maxlen=HISTORY)

    def add(self, shown: Shown) -> None:
        """The newest comes first."""
        self._kept.appendleft(shown)

    def __iter__(self) -> Any:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _of_vehicle(shown: Shown | None) -> vehicle_pb2.Vehicle | None:
    subject = _subject(shown)
    return subject if subject is not None and subject.DESCRIPTOR.name == "Vehicle" else None


def subject_id(shown: Shown | None) -> str:
    """Returns the id of the person that an answer found; "" for none."""
    subject = _subject(shown)
    return subject.subject_id if subject is not None and subject.DESCRIPTOR.name == "Person" else ""


def _subject(shown: Shown | None) -> Any:
    from clients.car.layers import subject_of

    return subject_of(shown.response) if shown is not None else None


def _is_certain_vehicle(shown: Shown | None) -> bool:
    """Returns whether the officer gave the vehicle's full plate or VIN, and it agrees."""
    from ronda.v1 import level_pb2

    if shown is None or shown.asked.found is Found.CHOSEN:
        return False
    sure = (level_pb2.CRITERION_PLATE, level_pb2.CRITERION_VIN)
    agrees = level_pb2.AGREEMENT_AGREES
    return any(c.criterion in sure and c.agreement == agrees for c in shown.response.answer.comparisons)


def _is_certain_person(shown: Shown) -> bool:
    """Returns whether a document, or a whole name with its birth date, led there, and nothing contradicts it."""
    from clients.officer_view.answer import by_name_line
    from ronda.v1 import level_pb2

    answer = shown.response.answer
    found = answer.identity_status == level_pb2.IDENTITY_STATUS_FOUND and answer.level != level_pb2.LEVEL_INSUFFICIENT
    return found and not by_name_line(answer, _subject(shown))


def asked_of_owner(owner: vehicle_pb2.Owner) -> Asked | None:
    """Returns the question about an owner, by the best data on file; None if there is none."""
    for claim in owner.person.identity_claims:
        for kind, value in (("cui", claim.cui), ("nit", claim.nit), ("cedula", claim.cedula)):
            if value:
                return Asked(owner.name or value, Role.OWNER, {kind: value})
    name = owner.name or owner.person.name
    return Asked(name, Role.OWNER, {"name": name}) if name else None


def asked_of_candidate(candidate: Any, role: Role) -> Asked | None:
    """The question about one of several; None for one without a number or plate."""
    if candidate.handle:
        return Asked(candidate.name or candidate.cui_tail, role, {"handle": candidate.handle}, Found.CHOSEN)
    if candidate.cui:
        return Asked(candidate.name or candidate.cui, role, {"cui": candidate.cui}, Found.CHOSEN)
    return Asked(candidate.plate, role, found=Found.CHOSEN) if candidate.plate else None
