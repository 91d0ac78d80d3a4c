"""PostgreSQL's pg_trgm on a real server: a GIN index of trigrams, the `%` operator, best similarity first.

Runs in the project's own environment. Needs Debian's postgresql-contrib files (pg_trgm comes with `postgresql`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.names.peers import exchange
from ronda.demo.postgres_cluster import PostgresCluster

THRESHOLD = 0.4
QUERY = "SELECT id, similarity(name, %s) AS s FROM person WHERE name %% %s ORDER BY s DESC, id LIMIT 100"


def load(connection: psycopg.Connection[Any], rows: list[Any]) -> float:
    """Writes rows of a population into an indexed table; returns seconds."""
    connection.execute("DROP TABLE IF EXISTS person")
    connection.execute("CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL)")
    started = time.monotonic()
    with connection.cursor() as cursor, cursor.copy("COPY person FROM STDIN") as copy:
        for number, given, surnames, _born in rows:
            copy.write_row((number, f"{given} {surnames}"))
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("CREATE INDEX ON person USING gin (name gin_trgm_ops)")
    connection.execute("VACUUM ANALYZE person")
    return time.monotonic() - started


def ask(connection: psycopg.Connection[Any], questions: list[Any]) -> dict[str, Any]:
    """The hundred most similar of each question: number and similarity; times."""
    backend = psutil.Process(connection.info.backend_pid)
    found, times, cpus = [], [], []
    for question in questions:
        text = question["text"]
        cpu, started = sum(backend.cpu_times()[:2]), time.perf_counter()
        rows = connection.execute(QUERY, (text, text), prepare=True).fetchall()
        times.append((time.perf_counter() - started) * 1e6)
        cpus.append((sum(backend.cpu_times()[:2]) - cpu) * 1e6)
        found.append([[number, float(score)] for number, score in rows])
    return {"found": found, "latency_us": times, "server_cpu_us": cpus}


def run(folder: Path) -> dict[str, Any]:
    """Pairs by similarity(), then each population by index. The report is also written to FOLDER/pg_trgm.json."""
    report: dict[str, Any] = {"pairs": {}}
    with PostgresCluster() as cluster, psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute(f"SET pg_trgm.similarity_threshold = {THRESHOLD}")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        for half in ("tuning", "held"):
            pairs = exchange.lines(folder / f"pairs-{half}.jsonl")
            connection.execute("CREATE TEMP TABLE pair (n int, a text, b text)")
            with connection.cursor() as cursor, cursor.copy("COPY pair FROM STDIN") as copy:
                for number, pair in enumerate(pairs):
                    copy.write_row((number, pair["asked"], f"{pair['given']} {pair['surnames']}"))
            started = time.perf_counter()
            rows = connection.execute("SELECT similarity(a, b) FROM pair ORDER BY n").fetchall()
            report["us_a_pair"] = (time.perf_counter() - started) / len(pairs) * 1e6
            report["pairs"][half] = [float(row[0]) for row in rows]
            connection.execute("DROP TABLE pair")
        for population, questions in exchange.populations(folder):
            seconds = load(connection, exchange.lines(folder / f"{population}.jsonl"))
            report[population] = ask(connection, exchange.lines(folder / f"{questions}.jsonl")) | {
                "load_seconds": seconds
            }
    exchange.write(folder, "pg_trgm", report)
    return report
