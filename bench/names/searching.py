"""Questions through the real server: SearchPersons and CheckPerson over gRPC, with latency and the server's CPU."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import grpc
import psutil

from bench.names.population import Population
from bench.names.questions import Birth, Question
from bench.names.tables import words
from bench.server_process import ServerProcess
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_INVESTIGATION, RequestContext
from ronda.v1.level_pb2 import Level
from ronda.v1.value_pb2 import PartialDate, PersonName

MAX_PAGE = 100
_SECONDS = 10.0
_HAS_SCORE = "score" in contract.Candidate.DESCRIPTOR.fields_by_name
OK = "OK"
ANSWERED = (OK, "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")  # found or not, or a clear error

Asked = (
    contract.CheckRequest | contract.CheckPersonRequest | contract.SearchPersonsRequest | contract.SearchVehiclesRequest
)


@dataclass
class Found:
    """The result of a search: persons best first."""

    cuis: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    total: int = 0
    failed: str = ""  # status of a call that gave none

    def keys(self, population: Population, with_year: bool) -> list[tuple[object, int]]:
        """(standardised name, birth year or 0) of each; subjects without a CUI by the name that is shown."""
        found: list[tuple[object, int]] = []
        for cui, name, year in zip(self.cuis, self.names, self.years, strict=True):
            place = population.place(cui)
            key: object = " ".join(words(name)) if place is None else population_key(population, place)
            found.append((key, year if with_year and place is None else _year(population, place, with_year)))
        return found


def _year(population: Population, place: int | None, with_year: bool) -> int:
    return int(population.year[place]) if with_year and place is not None else 0


def population_key(population: Population, place: int) -> str:
    """The standardised name as text."""
    name = population.name(place)
    return " ".join(words(" ".join((*name.given, *name.surnames))))


@dataclass
class Timing:
    """The timing of one call, microseconds."""

    latency: float
    server_cpu: float


def _partial(birth: Birth | None) -> PartialDate | None:
    return PartialDate(year=birth[0], month=birth[1], day=birth[2]) if birth else None


class Server:
    """A running server with one worker, and a client of it. A context manager."""

    def __init__(self, data: Path, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = ServerProcess.start(data, 1, log)
        self._process.wait_ready()
        self._channel = grpc.insecure_channel(self._process.target, options=[("grpc.enable_retries", 0)])
        self._stub = CheckServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._context = RequestContext(purpose=PURPOSE_INVESTIGATION)
        family = psutil.Process(self._process.process.pid).children(recursive=True)
        # The kernel's clock of another process's CPU time, nanoseconds: (~pid << 3) | CPUCLOCK_SCHED.
        self._clocks = [(~process.pid << 3) | 2 for process in family] or [(~self._process.process.pid << 3) | 2]

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._process.stop()

    def cpu_us(self) -> float:
        """CPU of the workers so far, microseconds. Raises RuntimeError when one of them has ended."""
        try:
            return sum(time.clock_gettime_ns(clock) for clock in self._clocks) / 1000
        except OSError as error:
            raise RuntimeError("a worker ended") from error

    def search(self, text: str, birth: Birth | None = None, page_size: int = 20, pages: int = 1) -> Found:
        """SearchPersons; up to so many pages."""
        found, token = Found(), ""
        for _ in range(pages):
            request = contract.SearchPersonsRequest(
                context=self._context, names=text, birth_date=_partial(birth), page_size=page_size, page_token=token
            )
            try:
                response = self._stub.SearchPersons(request, timeout=_SECONDS)
            except grpc.RpcError as error:
                found.failed = error.code().name
                return found
            for candidate in response.candidates:
                found.cuis.append(candidate.cui)
                found.names.append(candidate.name)
                found.years.append(candidate.birth_date.year)
                found.scores.append(candidate.score if _HAS_SCORE else 1.0)
            found.total, token = response.candidates_total, response.next_page_token
            if not token:
                break
        return found

    def timed(self, request: Asked) -> tuple[Timing, str]:
        """One call, nothing else running on the server, and its status: OK, "INVALID_ARGUMENT", ..."""
        request.context.CopyFrom(self._context)
        method = getattr(self._stub, type(request).__name__.removesuffix("Request"))
        status = OK
        cpu, started = self.cpu_us(), time.perf_counter()
        try:
            method(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            status = error.code().name
        latency = (time.perf_counter() - started) * 1e6
        return Timing(latency, self.cpu_us() - cpu), status

    def timed_search(self, text: str, birth: Birth | None = None) -> Timing:
        """One search of the usual page. Raises RuntimeError when it is not answered."""
        timing, status = self.timed(contract.SearchPersonsRequest(names=text, birth_date=_partial(birth)))
        if status not in ANSWERED:
            raise RuntimeError(f"a search was not answered: {status}")
        return timing

    def level(self, question: Question) -> str:
        """Level of CheckPerson by name, and birth date where the question has one: "HIT", "POSSIBLE", ..."""
        request = contract.CheckPersonRequest(
            context=self._context, name=PersonName(full=question.text), birth_date=_partial(question.birth)
        )
        return self._level(request)

    def level_by_cui(self, cui: str) -> str:
        """Level of CheckPerson by CUI."""
        return self._level(contract.CheckPersonRequest(context=self._context, cui=cui))

    def _level(self, request: contract.CheckPersonRequest) -> str:
        try:
            response = self._stub.CheckPerson(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            return f"failed {error.code().name}"
        return str(Level.Name(response.answer.level)).removeprefix("LEVEL_")
