"""Cases tried: built alone or among others, asked of the engine and the oracle, or of a server by either transport."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.midnight import past_midnight
from tests.lane.laned import laned_at_home
from tests.server.running_server import call, clear
from tests.statute.asking import demanded, masks_of, request_of, told
from tests.statute.tables import Ask, Case, Table
from tests.statute.world import Words, write

_BUILT_AND_ASKED_S = 100.0  # at most: a case's days are those of the day on which it is asked


@dataclass(frozen=True)
class Placed:
    """A case in a world. name: unique there; its records' ids begin with it."""

    name: str
    case: Case
    words: Words

    def owns(self, record_id: str) -> bool:
        """Returns whether a record is the case's."""
        return record_id.startswith(f"{self.name} ") or record_id in {each.get("number") for each in self.case.orders}


@dataclass(frozen=True)
class Tried:
    """A question, what it must be answered, and what it was."""

    name: str
    says: str
    asked: str
    demanded: dict[str, Any]
    told: dict[str, Any]


def placed(tables: Mapping[str, Table]) -> list[Placed]:
    """The cases of all tables, each with a name and numbers of its own."""
    found: dict[str, Case] = {}
    for table in tables.values():
        for at, case in enumerate(table.case, 1):
            name = f"{table.rule}.{at}"
            found[name if name not in found else f"{name} of {len(found)}"] = case
    return [Placed(name, case, Words(place, case)) for place, (name, case) in enumerate(found.items(), 1)]


def by_registers(cases: Sequence[Placed]) -> dict[tuple[tuple[str, str], ...], list[Placed]]:
    """Those that one world can hold together: of one state of the registers."""
    found: dict[tuple[tuple[str, str], ...], list[Placed]] = {}
    for one in cases:
        found.setdefault(tuple(sorted(one.case.registers.items())), []).append(one)
    return found


def _tried(one: Placed, ask: Ask, answer: Any) -> Tried:
    asked = ", ".join(f"{key} {value}" for key, value in ask.asked.items())
    more = [
        word for word in (ask.clear, ask.purpose, "chosen" if ask.chosen else "", ask.sees) if word and word != "all"
    ]
    return Tried(one.name, one.case.says, "; ".join([asked, *more]), demanded(ask), told(ask, answer, one.owns))


def try_engine(directory: Path, cases: Sequence[Placed]) -> Iterator[Tried]:
    """Asks the engine and the oracle, which must say the same."""
    for at, (states, together) in enumerate(by_registers(cases).items()):
        past_midnight(_BUILT_AND_ASKED_S)
        registers = write(directory / str(at), [(one.name, one.case, one.words) for one in together], dict(states))
        both = EngineAndOracle(registers)
        for one in together:
            for ask in one.case.ask:
                try:
                    answer = _asked(both, request_of(ask, one.words), ask)
                except AssertionError as error:
                    error.add_note(f"asked {ask.asked} of case {one.name}: {one.case.says}")
                    raise
                yield _tried(one, ask, answer)


def _asked(both: EngineAndOracle, request: Message, ask: Ask) -> Any:
    if isinstance(request, clearance.ClearRequest):
        return both.cleared(request.standard, request, masks_of(ask))
    if isinstance(request, checks.CheckRequest):
        return both.box(request.query, masks_of(ask), context=request.context)
    asked = {field.name: value for field, value in request.ListFields()}
    ask_one = both.person if isinstance(request, checks.CheckPersonRequest) else both.vehicle
    return ask_one(masks_of(ask), **asked)


def try_server(directory: Path, cases: Sequence[Placed], among: int = 0) -> Iterator[Tried]:
    """Asks a server by grpcio and by the express lane. Its caller sees all there is. among: so many others on file."""
    for at, (states, together) in enumerate(by_registers(cases).items()):
        past_midnight(_BUILT_AND_ASKED_S * (3 if among else 1))
        registers = write(
            directory / str(at), [(one.name, one.case, one.words) for one in together], dict(states), among
        )
        build(registers.options())
        with laned_at_home(registers.data, directory / f"log-{at}") as server:
            for transport, address in server.both.items():
                channel = server.server.channel(address)
                for one in together:
                    yield from (
                        _tried(one, ask, _called(channel, request_of(ask, one.words)))
                        for ask in one.case.ask
                        if ask.sees == "all" and not (ask.clear and transport == "lane")  # the lane certifies nothing
                    )
                channel.close()


def _called(channel: Any, request: Message) -> Any:
    if isinstance(request, clearance.ClearRequest):
        (found,) = clear(channel, iter([request.SerializeToString()]))
        return clearance.ClearResponse.FromString(found)
    method = type(request).__name__.removesuffix("Request")
    return getattr(checks, f"{method}Response").FromString(
        call(channel, f"CheckService/{method}", request.SerializeToString())
    )
