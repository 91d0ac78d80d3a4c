"""Bad input: an answer or a clear error in bounded time. The dearest question, in microseconds of server CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.names.searching import ANSWERED, Asked, Server
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.value_pb2 import PersonName

TEXTS = {
    "one letter": "J",
    "two letters": "J P",
    "the commonest name": "MARIA LOPEZ",
    "one common token": "JOSE",
    "one common surname": "LOPEZ",
    "four initials": "J L P G",
    "200 tokens": " ".join(["JOSE", "MARIA", "LOPEZ", "PEREZ"] * 50),
    "39 common tokens": " ".join(["ANA", "JUAN", "LUIS"] * 13),
    "many different tokens": "JOSE MARIA JUAN LUIS ANA ROSA LOPEZ PEREZ GARCIA CRUZ DIAZ RUIZ PAZ SOTO VEGA LARA LUNA",
    "digits only": "1985 1234567",
    "emoji": "José 😀 Pérez 🚓",
    "right to left": "محمد حسن",
    "combining accents": "Jose\u0301 Pe\u0301rez Lo\u0301pez" + "\u0301" * 100,
    "nul bytes": "JOSE\0PEREZ",
    "SQL": "'; DROP TABLE persons; --",
    "wildcards": "J* P?rez %",
    "10 kB of one letter": "A" * 10_000,
    "long token": "JOSE" * 40,
    "blank": "   ",
    "particles only": "de la los y",
    "split letters": "J O S E P E R E Z L O P E Z",
}
# Fragments of plates, and what is seen of a car; asked as a pattern and as free text.
FRAGMENTS = {
    "anything": "*",
    "one character": "?",
    "a type alone": "P-*",
    "one digit anywhere": "*1*",
    "gaps all over": "P-?1*?3*?",
    "stars between letters": "*B*C*D*",
    "200 stars": "*" * 200,
    "200 gaps": "?" * 200,
    "stars and gaps in turn": "*?" * 100,
    "the commonest make": "TOYOTA",
    "a colour and a gap": "BLANCO ?",
    "every letter misread": "O0I1S5B8",
    "20 words": "TOYOTA NISSAN HONDA MAZDA KIA ROJO AZUL BLANCO GRIS NEGRO " * 2,
    "SQL on plates": "P-'; DROP TABLE vehicles; --",
    "emoji on plates": "P-🚓",
    "nul bytes on plates": "P-1\0*",
    "10 kB of one digit": "1" * 10_000,
}
RUNS = 3


def questions() -> Iterator[tuple[str, Asked]]:
    """Every text in every method that takes it, with a name for the report."""
    for name, text in TEXTS.items():
        yield f"SearchPersons: {name}", contract.SearchPersonsRequest(names=text)
        yield f"CheckPerson: {name}", contract.CheckPersonRequest(name=PersonName(full=text))
        yield f"Check: {name}", contract.CheckRequest(query=text)
    for name, text in FRAGMENTS.items():
        yield f"SearchVehicles, pattern: {name}", contract.SearchVehiclesRequest(plate_pattern=text)
        yield f"SearchVehicles, query: {name}", contract.SearchVehiclesRequest(query=text)


def run(server: Server) -> dict[str, Any]:
    """Status and CPU of each; the dearest of three runs. Raises RuntimeError when any of them is not answered.

    A deadline or a dead worker is the worst that bad input can do: the figures of the others must not hide it.
    """
    report: dict[str, Any] = {}
    unanswered: list[str] = []
    for name, request in questions():
        try:
            asked = [server.timed(request) for _ in range(RUNS)]
        except RuntimeError as error:
            raise RuntimeError(f"{name}: {error}") from error
        statuses = sorted({status for _, status in asked})
        report[name] = {"cpu_us": max(timing.server_cpu for timing, _ in asked), "status": ", ".join(statuses)}
        unanswered += [f"{name}: {status}" for status in statuses if status not in ANSWERED]
    if unanswered:
        raise RuntimeError(f"{len(unanswered)} not answered: {'; '.join(unanswered)}")
    return report
