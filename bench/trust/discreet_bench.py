"""Measures whether time reveals a discreet alert on file to a caller without the right to see it.

The person under watch is asked for among persons without any discreet alert and with answers of as many bytes, in
shuffled turns. If time revealed the alert, the person's median would stand apart from theirs. The figure is its
distance from their mean, in their standard deviations.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.sampling import draw
from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.section_pb2 import SENSITIVITY_OPEN, Section

OTHERS = 24
CANDIDATES = 20_000


@dataclass(frozen=True)
class Comparison:
    """Medians in microseconds: of the watched person, and the others' one by one."""

    hers: float
    others: list[float]

    @property
    def deviations(self) -> float:
        """Returns the distance of the watched person from the others' mean, in their standard deviations."""
        return abs(self.hers - statistics.fmean(self.others)) / statistics.stdev(self.others)


def question(cui: str) -> bytes:
    """A patrol's CheckPerson."""
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
    return contract.CheckPersonRequest(context=context, cui=cui).SerializeToString()


def open_eyes_only() -> Grant:
    """Every section, what is open of it."""
    return Grant({SENSITIVITY_OPEN: sum(1 << number for number in Section.values())})


def others_like(engine: Engine, directory: Path, cui: str, clock_ms: int) -> list[str]:
    """Returns CUIs with answers of most nearly as many bytes as the watched person's."""
    grant = open_eyes_only()

    def size(text: str) -> int:
        return len(engine.answer(Method.CHECK_PERSON, question(text), grant, clock_ms))

    hers = size(cui)
    drawn = [text for text in dict.fromkeys(draw(directory, CANDIDATES, seed=5)[0]) if text != cui]
    return sorted(drawn, key=lambda text: abs(size(text) - hers))[:OTHERS]


def compare(ask: Callable[[bytes], object], cui: str, others: list[str], rounds: int) -> Comparison:
    """Times `ask` for the watched person and for each of the others, `rounds` times, in shuffled turns."""
    questions = {text: question(text) for text in (cui, *others)}
    times: dict[str, list[int]] = {text: [] for text in questions}
    turns = list(questions)
    shuffled = random.Random(9)
    for number in range(rounds + 50):
        shuffled.shuffle(turns)
        for text in turns:
            started = time.perf_counter_ns()
            ask(questions[text])
            taken = time.perf_counter_ns() - started
            if number >= 50:  # those before warm the memory
                times[text].append(taken)
    medians = {text: statistics.median(found) / 1000 for text, found in times.items()}
    return Comparison(medians[cui], [medians[text] for text in others])


def compare_in_engine(directory: Path, cui: str, rounds: int = 2000) -> tuple[Comparison, list[str]]:
    """In the engine alone, where nothing else blurs it; and who the others are."""
    engine = Engine(Generation.open(directory))
    grant, clock_ms = open_eyes_only(), int(time.time() * 1000)
    others = others_like(engine, directory, cui, clock_ms)
    found = compare(lambda request: engine.answer(Method.CHECK_PERSON, request, grant, clock_ms), cui, others, rounds)
    return found, others
