"""A private PostgreSQL server: its own directory, a free loopback port, nobody else's data.

PostgreSQL refuses to run as root; as root this drops to the account `postgres`, else `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

# Debian keeps the server programs out of PATH, one directory a major version.
DEBIAN_ROOT = Path("/usr/lib/postgresql")
SUPERUSER = "ronda"
START_SECONDS = 60


class PostgresUnavailable(RuntimeError):
    """The server programs are missing, or the server did not start. The message says what to do."""


def server_programs() -> Path:
    """Directory of initdb, pg_ctl and postgres, the newest major version first.

    Raises PostgresUnavailable when PostgreSQL's server is not installed.
    """
    versions = [path for path in DEBIAN_ROOT.glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise PostgresUnavailable("no PostgreSQL server programs found; install them: apt-get install postgresql")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged_account() -> pwd.struct_passwd | None:
    """The account to run the server as; None = the present one, which is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable("running as root, and neither account postgres nor nobody exists to run the server as")


class PostgresCluster:
    """Creates, starts and stops one server. A context manager; `start` and `stop` may also be called by hand.

    `directory`: where the cluster lives; it is kept after `stop`, and used again by the next `start`.
    Without it a temporary directory is made, and removed by `stop`. `port` 0 = a free one.
    Connections: loopback TCP, user "ronda", no password (trust), database "ronda".
    """

    def __init__(self, directory: Path | None = None, port: int = 0) -> None:
        self._programs = server_programs()
        self._account = _unprivileged_account()
        self._temporary = directory is None
        self.directory = Path(tempfile.mkdtemp(prefix="ronda-postgres-")) if directory is None else Path(directory)
        self.port = port or free_port()
        self._running = False

    @classmethod
    def running(cls, directory: Path, port: int) -> PostgresCluster:
        """One that another process started in a temporary directory; `stop` ends it for all."""
        cluster = cls(directory, port)
        cluster._temporary = cluster._running = True
        return cluster

    @property
    def dsn(self) -> str:
        """URI for psycopg, ADBC and psql."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/ronda"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def start(self) -> PostgresCluster:
        """Makes the cluster if it is new, starts the server and waits until it answers.

        Raises PostgresUnavailable with the end of the server's log.
        """
        new = not (self._data / "PG_VERSION").exists()
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
        self.directory.chmod(0o700)
        if new:
            self._run("initdb", "-D", str(self._data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        # Loaded once and thrown away or rebuilt: durability is traded for a fast load.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            "-c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 "
            "-c max_wal_size=4GB -c shared_buffers=128MB"
        )
        self._run(
            "pg_ctl",
            "-D",
            str(self._data),
            "-l",
            str(self._log),
            "-w",
            "-t",
            str(START_SECONDS),
            "-o",
            options,
            "start",
        )
        self._running = True
        if new:
            self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "ronda")
        return self

    def stop(self) -> None:
        """Stops the server; removes a temporary directory. Does nothing the second time."""
        if self._running:
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate" if self._temporary else "fast", "-w", "stop")
            self._running = False
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> PostgresCluster:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        # Output goes to a file, not a pipe: the server inherits it, and a pipe would stay open for ever.
        with tempfile.TemporaryFile() as output:
            finished = subprocess.run(
                [str(self._programs / program), *arguments],
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.directory)},
                check=False,
            )
            if finished.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                log = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
                raise PostgresUnavailable(f"{program} failed ({finished.returncode}): {said}{log}")
