"""The peer beside Ronda: the same whole answers, by the same keys, from PostgreSQL's primary-key index.

What a ministry would build first: one table (cui, ready-made answer), one prepared SELECT, one connection. It holds no
level, no clock, no grant; it is the floor that a database's round trip sets.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import psutil
import psycopg

from core.engine.entry import Engine, Grant, Method
from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import check_service_pb2 as contract

QUESTIONS = 20_000


@dataclass
class PeerRun:
    """Latencies in microseconds, and server CPU in microseconds a query."""

    latencies: list[float] = field(default_factory=list)
    server_cpu_us: float = 0.0


def run_peer(engine: Engine, cuis: list[str]) -> PeerRun:
    """Loads the answers of `cuis` into a private server and reads them back at random, every answer checked."""
    clock_ms = int(time.time() * 1000)
    chosen = random.Random(7)
    answers = {}
    for cui in cuis:
        request = contract.CheckPersonRequest(cui=cui).SerializeToString()
        answers[cui] = engine.answer(Method.CHECK_PERSON, request, Grant.everything(), clock_ms)
    with PostgresCluster() as cluster, psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE answer (cui text PRIMARY KEY, body bytea NOT NULL)")
        with connection.cursor() as cursor, cursor.copy("COPY answer FROM STDIN") as copy:
            for cui, body in answers.items():
                copy.write_row((cui, body))
        connection.execute("VACUUM ANALYZE answer")
        keys = list(answers)
        run = PeerRun()
        backend = psutil.Process(connection.info.backend_pid)
        query = "SELECT body FROM answer WHERE cui = %s"
        for warm in keys[:2000]:
            connection.execute(query, (warm,), prepare=True, binary=True).fetchone()
        before = sum(backend.cpu_times()[:2])
        for _ in range(QUESTIONS):
            cui = keys[chosen.randrange(len(keys))]
            started = time.perf_counter()
            row = connection.execute(query, (cui,), prepare=True, binary=True).fetchone()
            run.latencies.append((time.perf_counter() - started) * 1e6)
            if row is None or row[0] != answers[cui]:
                raise AssertionError("PostgreSQL gave another answer back")
        run.server_cpu_us = (sum(backend.cpu_times()[:2]) - before) / QUESTIONS * 1e6
    return run
