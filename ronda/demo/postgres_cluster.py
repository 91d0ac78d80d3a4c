"""A private PostgreSQL server: its own directory, a free loopback port, no other data.

PostgreSQL refuses to run as root; as root this drops to the account `postgres`, else `nobody`.

The caller of a cluster on a directory of its own must keep others off it (ronda/demo holds a lock). A server left there
by a killed run is stopped first. It is stopped only if its process id stands in the directory's own postmaster.pid and
its working directory is that directory, as PostgreSQL's always is.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import psutil
from tenacity import retry, retry_if_exception_type, stop_after_attempt

# Debian keeps the server programs out of PATH, one directory a major version.
DEBIAN_ROOT = Path("/usr/lib/postgresql")
SUPERUSER = "ronda"
START_SECONDS = 60
START_ATTEMPTS = 5  # each on another port


class PostgresUnavailable(RuntimeError):
    """The server programs are missing, or the server did not start. The message says what to do."""


class _PortTaken(PostgresUnavailable):
    """Another process took the port between our check and the server's start."""


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
        self.made = False  # whether `start` made the cluster anew: it holds nothing then
        self._any_port = not port
        self._running = False
        self._guard: subprocess.Popen[bytes] | None = None

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

    @property
    def _complete(self) -> Path:
        """Written last when a cluster is made: one that was interrupted, or is of another version, is made anew."""
        return self.directory / "made-by"

    def start(self) -> PostgresCluster:
        """Makes the cluster if it is new, starts the server and waits until it answers.

        Raises PostgresUnavailable with the end of the server's log; nothing runs then.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
        self.directory.chmod(0o700)
        try:
            self._stop_server()
            known = self._complete.read_text(encoding="utf-8") if self._complete.exists() else ""
            self.made = known != str(self._programs)
            if self.made:
                self._complete.unlink(missing_ok=True)
                shutil.rmtree(self._data, ignore_errors=True)
                self._run(
                    *("initdb", "-D", str(self._data), "-U", SUPERUSER),
                    *("-A", "trust", "-E", "UTF8", "--locale=C", "-N"),
                )
            self._start_server()
            if self.made:
                self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "ronda")
                self._complete.write_text(str(self._programs), encoding="utf-8")
        except BaseException:
            self._stop_server()
            raise
        if not self._temporary:  # a temporary one may be shared: whoever is last stops it
            self._guard_server()
        self._running = True
        return self

    @retry(retry=retry_if_exception_type(_PortTaken), stop=stop_after_attempt(START_ATTEMPTS), reraise=True)
    def _start_server(self) -> None:
        # Loaded once and thrown away or rebuilt: durability is traded for a fast load.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            "-c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 "
            "-c max_wal_size=4GB -c shared_buffers=128MB"
        )
        self._log.unlink(missing_ok=True)
        try:
            self._run(
                *("pg_ctl", "-D", str(self._data), "-l", str(self._log)),
                *("-w", "-t", str(START_SECONDS), "-o", options, "start"),
            )
        except PostgresUnavailable as error:
            if self._any_port and "Address already in use" in str(error):
                self.port = free_port()
                raise _PortTaken(str(error)) from None
            raise

    def _guard_server(self) -> None:
        """A shell that stops the server when this process ends without having done so: it holds the end of a pipe."""
        account = self._account
        stop = f"{self._programs / 'pg_ctl'} -D {shlex.quote(str(self._data))} -m immediate stop"
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", f"read -r word || exec {stop}"],
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def _dismiss_guard(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._guard.stdin as pipe:
                pipe.write(b"done\n")
            self._guard.wait()
        self._guard = None

    def stop(self) -> None:
        """Stops the server; removes a temporary directory. Does nothing the second time."""
        if self._running:
            self._stop_server()
            self._dismiss_guard()
            self._running = False
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _stop_server(self) -> None:
        """Stops the server of this directory, from any starter; removes the remains of a killed one."""
        if self._serves():
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate" if self._temporary else "fast", "-w", "stop")
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _serves(self) -> bool:
        """Returns whether the process of our postmaster.pid is a server on our directory, not one that got its number
        later."""
        try:
            number = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
            return Path(psutil.Process(number).cwd()) == self._data.resolve()
        except (OSError, ValueError, psutil.Error):
            return False

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
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop the server
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.directory)},
                check=False,
            )
            if finished.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                log = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
                raise PostgresUnavailable(f"{program} failed ({finished.returncode}): {said}{log}")
