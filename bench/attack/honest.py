"""`python -m bench.attack.honest`: an honest client, in a process of its own, until its standard input ends.

Reads its HonestClient as one line of JSON, and asks at fixed moments, also after a late answer (a latency counts from
the moment at which the question was due). It checks each answer, and tries again exactly as gRPC does for
clients.client.connection, but counts. It writes its Calls as JSON to the given place.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import grpc

from clients.client import connection as product
from clients.client.connection import CallFailure, Connection, Identity, read_failure, request_context
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import level_pb2
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP

DEADLINE_S = product.DEFAULT_DEADLINE_SECONDS
OK, FAILED, WRONG = 0, 1, 2


@dataclass(frozen=True)
class HonestClient:
    """identities: prefixes of clients.client.connection.Identity, used in turn, each over a connection of its own.

    persons: (CUI, name of its level); rate: calls a second; fresh: a new connection for each call; result: a file.
    """

    target: str
    identities: list[str]
    persons: list[tuple[str, str]]
    rate: float
    fresh: bool
    seed: int
    result: str


@dataclass
class Calls:
    """due (monotonic seconds), latency (microseconds), attempts and outcome of each call; and what came of them."""

    due: list[float] = field(default_factory=list)
    latency_us: list[float] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    answer_ids: list[str] = field(default_factory=list)
    generations: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # of each call that failed, was tried again or answered wrongly

    def add(self, other: Calls) -> None:
        """Takes another client's in."""
        for name, values in vars(other).items():
            getattr(self, name).extend(values)


class _Asking:
    def __init__(self, client: HonestClient) -> None:
        self._client = client
        self._chosen = random.Random(client.seed)
        self._identities = [Identity.beside(Path(prefix)) for prefix in client.identities]
        self._connections = [] if client.fresh else [self._connect(identity) for identity in self._identities]
        self.calls = Calls()

    def _connect(self, identity: Identity) -> Connection:
        return Connection(self._client.target, identity, retries=False)

    def until(self, ended: threading.Event) -> None:
        """Asks at fixed moments."""
        due = time.monotonic() + self._chosen.random() / self._client.rate
        number = 0
        while not ended.wait(max(0.0, due - time.monotonic())):
            place = number % len(self._identities)
            if self._client.fresh:
                with self._connect(self._identities[place]) as connection:
                    self._ask(connection, due)
            else:
                self._ask(self._connections[place], due)
            due += 1 / self._client.rate
            number += 1

    def _ask(self, connection: Connection, due: float) -> None:
        cui, level = self._chosen.choice(self._client.persons)
        request = contract.CheckPersonRequest(context=request_context(PURPOSE_TRAFFIC_STOP), cui=cui)
        outcome, attempts, told = OK, 0, []
        began = time.monotonic()
        first, most = product.RETRY_BACKOFF_SECONDS
        while True:
            attempts += 1
            try:
                answer = connection.checks.CheckPerson(
                    request, timeout=max(0.001, began + DEADLINE_S - time.monotonic())
                )
            except grpc.RpcError as error:
                failure = read_failure(error)
                told.append(_said(failure))
                pause = min(most, first * 2 ** (attempts - 1)) * self._chosen.uniform(0.8, 1.2)
                left = began + DEADLINE_S - time.monotonic()
                if failure.status in product.RETRIED_STATUSES and attempts < product.RETRY_ATTEMPTS and pause < left:
                    time.sleep(pause)
                    continue
                outcome = FAILED
            else:
                outcome = self._judge(answer, cui, level, told)
            break
        ended = time.monotonic()
        self.calls.due.append(due)
        self.calls.latency_us.append((ended - due) * 1e6)
        self.calls.attempts.append(attempts)
        self.calls.outcomes.append(outcome)
        self.calls.told += [f"{due:.3f} {line}" for line in told]

    def _judge(self, answer: contract.CheckPersonResponse, cui: str, level: str, told: list[str]) -> int:
        self.calls.answer_ids.append(answer.answer.answer_id)
        if answer.answer.generation_id not in self.calls.generations:
            self.calls.generations.append(answer.answer.generation_id)
        named = level_pb2.Level.Name(answer.answer.level)
        if named == level and cui in {claim.cui for claim in answer.person.identity_claims}:
            return OK
        told.append(f"wrong: level {named} and not {level}, or another person")
        return WRONG


def _said(failure: CallFailure) -> str:
    return f"{failure.status} {failure.reason}: {failure.message}"[:200]


class HonestProcess:
    """A running client."""

    def __init__(self, client: HonestClient) -> None:
        self._result = Path(client.result)
        self._process = subprocess.Popen([sys.executable, "-m", "bench.attack.honest"], stdin=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(client)).encode() + b"\n")
        self._process.stdin.flush()

    def end(self) -> Calls:
        """Ends it; what it saw. Raises RuntimeError when it failed."""
        self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"an honest client ended with status {self._process.returncode}")
        return Calls(**json.loads(self._result.read_text(encoding="utf-8")))

    def kill(self) -> None:
        """Ends it without a word."""
        self._process.kill()
        self._process.communicate()


def _wait(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> None:
    """Asks until standard input ends."""
    client = HonestClient(**json.loads(sys.stdin.readline()))
    ended = threading.Event()
    threading.Thread(target=_wait, args=(ended,), daemon=True).start()
    asking = _Asking(client)
    asking.until(ended)
    Path(client.result).write_text(json.dumps(asdict(asking.calls)), encoding="utf-8")


if __name__ == "__main__":
    main()
