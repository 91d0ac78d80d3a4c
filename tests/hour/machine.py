"""A bare Debian 13 with git and nothing else: a chroot over a base that debootstrap made once.

Must run as root in mount and PID namespaces of its own (`unshare`, see __main__): however it ends, its mounts and its
processes end with it. One at a time: its server has the port that ./run serve has. What is downloaded is kept between
runs in CACHE; everything else is of this run only. How this host reaches the registries (apt's and pip's configuration,
proxies, certificates) is passed on as found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

CACHE = Path("/var/tmp/ronda-hour")
SUITE = "trixie"
USER = "officer"  # an account without sudo
_PASSED_ON = ("PIP_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "NODE_EXTRA_CA_CERTS")
_NOT_PASSED_ON = ("PIP_FIND_LINKS", "PIP_CONSTRAINT")  # name files of this host
_HOST_FILES = ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt")


def base() -> Path:
    """The base, made when it is not there: minbase, git, ca-certificates."""
    place, made = CACHE / "base", CACHE / "base-made"
    if not made.exists():
        shutil.rmtree(place, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        packages = ["--variant=minbase", "--include=git,ca-certificates"]
        subprocess.run(["debootstrap", *packages, SUITE, str(place)], check=True, stdout=subprocess.DEVNULL)
        made.touch()
    return place


class Machine:
    """The running machine. root: its file system as this host sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, script: str, user: str, folder: str) -> list[str]:
        """Returns what runs a bash script on it as `user`, in `folder`, with a newcomer's environment."""
        home = "/root" if user == "root" else f"/home/{user}"
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        values = {"HOME": home, "USER": user, "PATH": path, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        values |= {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith(_PASSED_ON) and name not in _NOT_PASSED_ON
        }
        words = [f"{name}={value}" for name, value in values.items()]
        inside = ["env", "-i", *words, "bash", "-c", f"cd {folder} && {script}"]
        return ["chroot", f"--userspec={user}:{user}", str(self.root), *inside]

    def run(self, script: str, log: IO[bytes], *, user: str, folder: str = "/", seconds: float = 3600) -> int:
        """Runs a script to its end, its words to `log`; returns its status. Raises subprocess.TimeoutExpired."""
        return subprocess.run(
            self.command(script, user, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        ).returncode

    def start(self, script: str, log: IO[bytes], *, user: str, folder: str) -> subprocess.Popen[bytes]:
        """Starts a script in a session of its own."""
        return subprocess.Popen(
            self.command(f"exec {script}", user, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def processes(self) -> list[str]:
        """Command lines of what runs on it, ours aside."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "root").resolve() == self.root:
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        return [line for line in found if line]


@contextmanager
def bare_machine(source: Path) -> Iterator[Machine]:
    """A new one; `source` (a bare repository) is at /source on it."""
    lower = base()
    for left in CACHE.glob("run-*"):  # of a run that was killed; its mounts went with it
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        for name in ("upper", "work", "root"):
            (work / name).mkdir()
        root = work / "root"
        layers = f"lowerdir={lower},upperdir={work / 'upper'},workdir={work / 'work'}"
        _mount("-t", "overlay", "overlay", "-o", layers, str(root))
        _mount("-t", "proc", "proc", str(root / "proc"))
        _mount("--rbind", "/dev", str(root / "dev"))
        _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(root / "dev/shm"))
        _mount("-t", "sysfs", "-o", "ro", "sysfs", str(root / "sys"))
        machine = Machine(root)
        _pass_on(machine)
        _keep(machine, "apt", "var/cache/apt/archives")
        _keep(machine, "pip", "root/.cache/pip")
        (root / "source").mkdir()
        _mount("--bind", str(source), str(root / "source"))
        with (work / "set-up.log").open("wb") as log:
            script = f"useradd --create-home --shell /bin/bash {USER} && git config --system safe.directory '*'"
            if machine.run(script, log, user="root"):
                raise RuntimeError((work / "set-up.log").read_text(encoding="utf-8"))
        _keep(machine, "pip-user", f"home/{USER}/.cache/pip", owner=USER)
        yield machine
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", str(work / "root")], check=False)
        shutil.rmtree(work, ignore_errors=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _keep(machine: Machine, name: str, place: str, owner: str = "root") -> None:
    """Keeps what is downloaded there for the next run."""
    kept, inside = CACHE / f"kept-{name}", machine.root / place
    kept.mkdir(exist_ok=True)
    inside.mkdir(parents=True, exist_ok=True)
    _mount("--bind", str(kept), str(inside))
    if owner != "root":
        folder = f"/home/{owner}/.cache"
        subprocess.run(["chroot", str(machine.root), "chown", "-R", f"{owner}:{owner}", folder], check=True)


def _pass_on(machine: Machine) -> None:
    """Passes on how this host reaches its registries: names, certificates, apt's settings, pip's configuration."""
    for name in _HOST_FILES:
        shutil.copyfile(f"/{name}", machine.root / name)
    # As in Debian's images for containers: no fsync a file, for nobody's machine dies here.
    (machine.root / "etc/dpkg/dpkg.cfg.d/90machine").write_text("force-unsafe-io\n", encoding="utf-8")
    acquire = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, check=True).stdout
    (machine.root / "etc/apt/apt.conf.d/90host").write_bytes(acquire)
    pip = Path("/etc/pip.conf")
    if pip.exists():
        lines = pip.read_text(encoding="utf-8").splitlines(keepends=True)
        own = [line for line in lines if not line.startswith(("constraint", "find-links"))]
        (machine.root / "etc/pip.conf").write_text("".join(own), encoding="utf-8")
