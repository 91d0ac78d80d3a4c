"""Walks through the register by lists, and guesses of agencies, beside honest days and honest files.

The engine answers over the bench's nation, with the example's allowances and the settings' own bounds of persons shown.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.bars import Samples
from bench.sampling import draw
from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError, TooManyPersons
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import person_pb2
from server.trust.allowances import PersonBounds, read_allowances
from server.trust.settings import TrustSettings
from tests.trust.agency_files import NOW, agency_of, guesses, honest_file, rows_passed

ROOT = Path(__file__).parents[2]
OFFICERS = 200
CHECKS = (80, 120)  # of one officer a day
HOURS = 8  # of a shift
BY_NAME, BY_CUI = 0.15, 0.35  # the others by plate
GUESSED, MILLION = 0.15, 1_000_000
_UNKNOWN = 0.10
OFF_LINE = 30  # look-ups by the hot list, reported before the car asks on line
_HOUR_MS = 3_600_000
_MIDNIGHT = 1_789_970_400_000  # of 2026-09-21 in Guatemala
_PURPOSE = 1


@dataclass
class Walked:
    """Results of the walks and of the honest days."""

    seen: int  # persons, by every way together
    ways: str
    honest_refused: int
    honest_most: int  # persons shown to one officer in a day
    guessed_rows: int  # until the agency was refused
    million_refused: int


def _bounds() -> tuple[int, int, int]:
    """A patrol's: listed in an hour and a day, all in a day."""
    given = {
        name.removeprefix("persons_"): TrustSettings.model_fields[name].default
        for name in ("persons_listed_hour", "persons_listed_day", "persons_day")
    }
    patrol = read_allowances(ROOT / "server" / "trust" / "example" / "limits.toml")["patrol"]
    return patrol.persons_shown(PersonBounds.model_validate(given))


def _caller(limits: Limits, officer: str, car: str, bounds: tuple[int, int, int]) -> Caller:
    caller = Caller(b"{}", device=car.encode(), officer=officer.encode(), unit=b"pnc/zona-1", limits=limits)
    caller.give(_PURPOSE, Grant.everything(), methods=EVERY_METHOD, persons=bounds)
    return caller


class _Asking:
    """One generation's engine."""

    def __init__(self, generation: Path) -> None:
        self._engine = Engine(Generation.open(generation))
        self._now = time.time_ns() // 1_000_000

    def persons(self, request: Any, caller: Caller | Grant) -> tuple[list[str], str]:
        """Subject ids of the persons shown, and the next page. Raises TooManyPersons, QuestionError."""
        name = type(request).__name__.removesuffix("Request")
        request.context.purpose = _PURPOSE
        content = self._engine.answer(METHODS[name], request.SerializeToString(), caller, self._now)
        answer = getattr(checks, f"{name}Response").FromString(content)
        shown = [each.subject_id for each in answer.candidates if each.kind == person_pb2.SUBJECT_KIND_PERSON]
        fields = answer.DESCRIPTOR.fields_by_name
        if "person" in fields and answer.HasField("person"):
            shown.append(answer.person.subject_id)
        if "vehicle" in fields and answer.HasField("vehicle"):
            owners = answer.vehicle.owners
            shown += [each.person.subject_id for each in owners if each.kind == person_pb2.SUBJECT_KIND_PERSON]
        return shown, getattr(answer, "next_page_token", "")

    def names(self, cuis: list[str]) -> list[str]:
        """As their registers write them."""
        found = []
        for cui in cuis:
            request = checks.CheckPersonRequest(cui=cui)
            content = self._engine.answer(
                METHODS["CheckPerson"], request.SerializeToString(), Grant.everything(), self._now
            )
            found.append(checks.CheckPersonResponse.FromString(content).person.name)
        return [name for name in found if name]


def _walk(asking: _Asking, generation: Path, work: Path) -> tuple[int, str]:
    """Returns the different persons that one patrol sees in a day, without the hour's bound: as if each hour were
    over."""
    _, listed_day, day = _bounds()
    caller = _caller(Limits(work / "walk"), "pnc/1", "car", (0, listed_day, day))
    cuis, plates = draw(generation, 2000, seed=1)
    names = asking.names(cuis[:400])
    seen: set[str] = set()
    steps = []

    def off_line(cuis: list[str]) -> None:
        """Counts the persons that a car's hot list showed, as server/hotlist/service.py does when the car reports."""
        for cui in cuis:
            shown, _ = asking.persons(checks.CheckPersonRequest(cui=cui), Grant.everything())
            caller.show(_PURPOSE, {bytes.fromhex(each) for each in shown}, refuses=False)
            seen.update(shown)

    def try_all(requests: Iterator[Any]) -> None:
        for request in requests:
            try:
                shown, _ = asking.persons(request, caller)
            except (TooManyPersons, QuestionError):
                continue
            seen.update(shown)

    def pages() -> Iterator[Any]:
        for surname in dict.fromkeys(word for name in names for word in name.split()[-2:]):
            token = ""
            while True:
                request = checks.SearchPersonsRequest(names=surname, page_size=100, page_token=token)
                yield request
                try:
                    _, token = asking.persons(request, caller)
                except (TooManyPersons, QuestionError):
                    break
                if not token:
                    break

    off_line(cuis[-OFF_LINE:])
    steps.append(len(seen))
    try_all(pages())
    steps.append(len(seen))
    try_all(checks.SearchPersonsRequest(names=name.split()[-1], page_size=1) for name in names)
    try_all(checks.CheckPersonRequest(query=f"{a.split()[0]} {b.split()[-1]}") for a, b in pairwise(names))
    steps.append(len(seen))
    try_all(checks.CheckVehicleRequest(plate=plate) for plate in plates)
    steps.append(len(seen))
    try_all(checks.CheckPersonRequest(cui=cui) for cui in cuis)
    steps.append(len(seen))
    found = zip(("hot list", "pages", "candidates", "fleet", "identifiers"), steps, strict=True)
    return len(seen), ", ".join(f"after {way} {count}" for way, count in found)


def _honest(asking: _Asking, generation: Path, work: Path) -> tuple[int, int]:
    """Returns refused look-ups in a day of all officers, two a car, and the most persons shown to one of them."""
    limits, bounds, rng = Limits(work / "honest"), _bounds(), random.Random(2)
    cuis, plates = draw(generation, 3000, seed=3)
    names = asking.names(rng.sample(cuis, 1000))
    everything = Grant.everything()
    refused = most = 0
    days = []
    for number in range(OFFICERS):
        caller = _caller(limits, f"pnc/{number}", f"car-{number // 2}", bounds)
        shown: set[str] = set()
        days.append((shown, caller, sorted(rng.random() for _ in range(rng.randint(*CHECKS)))))
    moments = sorted((moment, place) for place, (_, _, looks) in enumerate(days) for moment in looks)
    for moment, place in moments:  # in the order of the clock, for two share a car
        shown, caller, _ = days[place]
        kind = rng.random()
        request: Any
        if kind < BY_NAME:
            request = checks.CheckPersonRequest(query=rng.choice(names))
        elif kind < BY_NAME + BY_CUI:
            request = checks.CheckPersonRequest(cui=rng.choice(cuis))
        else:
            request = checks.CheckVehicleRequest(plate=rng.choice(plates))
        try:
            persons, _ = asking.persons(request, everything)
        except QuestionError:
            continue
        ids = {bytes.fromhex(each) for each in persons}
        try:
            caller.show(_PURPOSE, ids, _MIDNIGHT + int(moment * HOURS * _HOUR_MS), listed=kind < BY_NAME)
        except TooManyPersons:
            refused += 1
            continue
        shown.update(persons)
        most = max(most, len(shown))
    return refused, most


def walk(generation: Path, work: Path) -> Walked:
    """All of it. `work`: where the files of limits are made."""
    work.mkdir(parents=True, exist_ok=True)
    asking = _Asking(generation)
    seen, ways = _walk(asking, generation, work)
    honest_refused, honest_most = _honest(asking, generation, work)
    guessed = rows_passed(agency_of(Limits(work / "guesses")), guesses(random.Random(4), GUESSED), 100_000, NOW)
    passed = rows_passed(agency_of(Limits(work / "million")), honest_file(random.Random(5), _UNKNOWN), MILLION, NOW)
    return Walked(seen, ways, honest_refused, honest_most, len(guessed), MILLION - len(passed))


def samples_of(walked: Walked) -> list[Samples]:
    """Scenarios of the report."""
    honest = f"shown to one of them at most; {walked.honest_refused} look-ups refused"
    return [
        Samples("one patrol, every way together", [walked.seen], "persons", note=walked.ways),
        Samples(f"honest day of {OFFICERS} officers", [walked.honest_most], "persons", note=honest),
        Samples("agency, 15 % guesses in a dense range", [walked.guessed_rows], "rows", note="until it was refused"),
        Samples("honest million, 10 % unknown", [walked.million_refused], "rows", note="refused"),
    ]
