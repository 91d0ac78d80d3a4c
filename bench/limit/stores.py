"""Redis and PostgreSQL with the same answers under the same keys, in plaintext: what a store alone costs."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

import psutil
import psycopg

from bench.limit.load import Target
from bench.limit.machine import cores
from ronda.demo.postgres_cluster import PostgresCluster, free_port

# Of redis-tools: the server's own program, which is one by the name that it is called by. The package redis-server
# would start one at the machine's start, which nobody asked for.
_REDIS = "/usr/bin/redis-check-rdb"
_START_S = 20.0


@contextlib.contextmanager
def redis(pairs: Sequence[tuple[str, bytes]]) -> Iterator[Target]:
    """A private Redis without persistence, that holds `pairs`."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"]
    with tempfile.TemporaryDirectory(prefix="ronda-redis-") as directory:
        command = ["redis-server", *options, "--dir", directory]
        process = subprocess.Popen(command, executable=_REDIS, stdout=subprocess.DEVNULL)
        os.sched_setaffinity(process.pid, {cores()[0]})
        try:
            with _connected(port, process) as connection:
                _fill(connection, pairs)
            yield Target(f"127.0.0.1:{port}", process.pid, protocol="redis", digest=True)
        finally:
            process.kill()
            process.wait()


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + _START_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _fill(connection: socket.socket, pairs: Sequence[tuple[str, bytes]], batch: int = 500) -> None:
    for first in range(0, len(pairs), batch):
        part = pairs[first : first + batch]
        connection.sendall(
            b"".join(
                b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(key), key.encode("ascii"), len(value), value)
                for key, value in part
            )
        )
        expected, said = len(part) * len(b"+OK\r\n"), b""
        while len(said) < expected:
            said += connection.recv(65536)
        if said != b"+OK\r\n" * len(part):
            raise RuntimeError(f"Redis said {said[:80]!r}")


@contextlib.contextmanager
def postgres(pairs: Sequence[tuple[str, bytes]]) -> Iterator[Target]:
    """A private PostgreSQL with one table, all in memory; its processes on the servers' core."""
    with PostgresCluster() as cluster, psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE answer (cui text PRIMARY KEY, body bytea NOT NULL)")
        connection.execute("ALTER TABLE answer ALTER COLUMN body SET STORAGE PLAIN")  # nothing is to be unpacked
        with connection.cursor() as cursor, cursor.copy("COPY answer FROM STDIN") as copy:
            for key, value in pairs:
                copy.write_row((key, value))
        connection.execute("VACUUM ANALYZE answer")
        postmaster = _parent(connection.info.backend_pid)
        for each in (postmaster, *(child.pid for child in psutil.Process(postmaster).children())):
            os.sched_setaffinity(each, {cores()[0]})
        yield Target(f"127.0.0.1:{connection.info.port}", postmaster, protocol="postgres", digest=True)


def _parent(pid: int) -> int:
    return psutil.Process(pid).ppid()
