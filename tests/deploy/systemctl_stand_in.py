"""`systemctl` where no systemd runs (a test's sandbox): reads the installed units, does what they say of the process.

Type, User, Group, Environment, ExecStart, ExecReload, UMask, StateDirectory, READY=1 and MAINPID= are followed; limits
and sandboxing are not.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path("/etc/systemd/system")
RUN = Path("/run/units")
READY_S = 120


class Unit:
    """A unit file, its settings by name; the last of several counts but for Environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid_file = RUN / f"{name}.pid"
        self.settings: dict[str, list[str]] = {}
        for line in (UNITS / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.settings.setdefault(key.strip(), []).append(value.strip())

    def last(self, key: str, default: str = "") -> str:
        return self.settings.get(key, [default])[-1]

    @property
    def pid(self) -> int:
        """0 = it does not run."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return 0
        return 0 if state == "Z" else pid

    def start(self) -> int:
        """Exit status of systemctl."""
        if self.name.endswith(".timer"):
            return 0 if self.last("OnCalendar") else 1
        if self.pid:
            return 0
        user, group = self.last("User", "root"), self.last("Group", "root")
        if state := self.last("StateDirectory"):
            directory = Path("/var/lib") / state
            directory.mkdir(exist_ok=True, mode=int(self.last("StateDirectoryMode", "755"), 8))
            shutil.chown(directory, user, group)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": pwd.getpwnam(user).pw_dir}
        environment |= dict(each.split("=", 1) for each in self.settings.get("Environment", []))
        kind = self.last("Type", "simple")
        notify = RUN / f"{self.name}.notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (RUN / f"{self.name}.log").open("ab") as log:
            if kind == "notify":
                notify.unlink(missing_ok=True)
                told.bind(str(notify))
                notify.chmod(0o777)
                environment["NOTIFY_SOCKET"] = str(notify)
            process = subprocess.Popen(
                shlex.split(self.last("ExecStart")),
                cwd="/",
                env=environment,
                user=user,
                group=grp.getgrnam(group).gr_gid,
                extra_groups=[],
                umask=int(self.last("UMask", "022"), 8),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            self.pid_file.write_text(str(process.pid), encoding="ascii")
            if kind == "oneshot":
                return process.wait()
            return self._ready(process, told) if kind == "notify" else 0

    def _ready(self, process: subprocess.Popen[bytes], told: socket.socket) -> int:
        told.settimeout(0.2)
        end = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < end:
            try:
                if b"READY=1" in told.recv(4096):
                    return 0
            except TimeoutError:
                continue
        return 1

    def reload(self) -> int:
        """Runs ExecReload, and waits until the service names the process that is its main one now."""
        if not self.pid:
            return 1
        notify = RUN / f"{self.name}.notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            notify.unlink(missing_ok=True)
            told.bind(str(notify))
            notify.chmod(0o777)
            told.settimeout(READY_S)
            command = self.last("ExecReload").replace("$MAINPID", str(self.pid))
            if subprocess.run(shlex.split(command), check=False).returncode:
                return 1
            while not (said := told.recv(4096)).startswith(b"MAINPID="):
                pass
        self.pid_file.write_text(said.removeprefix(b"MAINPID=").decode(), encoding="ascii")
        return 0

    def stop(self) -> int:
        if pid := self.pid:
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 60
            while self.pid == pid:
                if time.monotonic() > end:
                    return 1
                time.sleep(0.1)
        return 0


def main(arguments: list[str]) -> int:
    RUN.mkdir(exist_ok=True)
    RUN.chmod(0o755)
    verb, *names = [argument for argument in arguments if not argument.startswith("--")]
    units = [Unit(name if "." in name else f"{name}.service") for name in names]
    failed = 0
    for unit in units:
        if verb in ("stop", "restart"):
            failed |= unit.stop()
        if verb == "reload":
            failed |= unit.reload()
        if verb in ("start", "restart") or (verb == "enable" and "--now" in arguments):
            if verb == "enable" and not unit.last("WantedBy"):
                failed = 1
            failed |= unit.start()
        if verb == "is-active":
            sys.stdout.write("active\n" if unit.pid else "inactive\n")
            failed |= not unit.pid
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
