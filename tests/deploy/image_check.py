"""`./run image-check`: the Dockerfile's stages in chroots made by debootstrap, where no container engine is at hand.

Reads the Dockerfile itself (FROM, ARG, RUN, COPY, WORKDIR, ENV, USER; the rest concerns an engine alone), so what is
checked is what it says. Then, in the last stage and as its user: `ronda --help`; that Cython, grpcio-tools, the bench
and a compiler are not there; and a check answered by `ronda serve`, over a small nation's generation. As root; takes
some minutes and about 2 GB below build/image.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ronda.demo.postgres_cluster import PostgresCluster
from tests.deploy.docker_ignore import left_out
from tests.kit.nation_kit import build_nation
from tests.kit.ports import free_port

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "image"
SUITE = "trixie"
ABSENT = ("Cython", "grpc_tools", "bench", "tests", "setuptools")


def say(text: str) -> None:
    sys.stderr.write(f"==> {text}\n")


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), check=True, text=True, **options)  # type: ignore[call-overload, no-any-return]


def base() -> Path:
    """A minimal Debian, made once; this machine's own package sources that are no Debian's stay out of it."""
    directory = WORK / "base"
    if not (directory / "etc" / "made").exists():
        say("debootstrap")
        shutil.rmtree(directory, ignore_errors=True)
        run("debootstrap", "--variant=minbase", SUITE, directory, stdout=subprocess.DEVNULL)
        configuration = Path("/etc/apt/apt.conf.d")  # a proxy or a mirror's certificate, where this machine needs one
        for path in configuration.iterdir():
            shutil.copy(path, directory / "etc/apt/apt.conf.d" / path.name)
        (directory / "etc" / "made").touch()
    return directory


@dataclass
class Stage:
    """A stage's files, and what is set in it."""

    root: Path
    directory: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
        }
    )

    def command(self, *command: str) -> list[str]:
        """Returns the words that run a command in the stage: its user and environment, /proc and /dev as an engine's.

        These are mounted in a namespace of the command's own, so nothing is left mounted, however it ends.
        """
        account = [] if self.user == "root" else ["--userspec", f"{self.user}:{self.user}", "--groups="]
        kept = [f"{name}={value}" for name, value in self.environment.items()]
        inner = f"cd {shlex.quote(self.directory)} && exec {shlex.join(command)}"
        entered = ["chroot", *account, str(self.root), "env", "-i", *kept, "/bin/sh", "-c", inner]
        root = shlex.quote(str(self.root))
        mounts = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev"
        return ["unshare", "--mount", "/bin/sh", "-c", f"{mounts} && exec {shlex.join(entered)}"]


def instructions(text: str) -> list[tuple[str, str]]:
    """(Word, rest) of each instruction, lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in pairs]


def build(text: str) -> Stage:
    """Runs every stage; returns the last."""
    stages: dict[str, Stage] = {}
    stage = Stage(Path("/"))
    for word, rest in instructions(text):
        words = rest.split()
        if word == "FROM":
            name = words[2] if len(words) == 3 else f"stage-{len(stages)}"
            root = WORK / name
            shutil.rmtree(root, ignore_errors=True)
            say(f"stage {name}")
            run("cp", "-a", base(), root)
            for path in ("/etc/resolv.conf", "/etc/hosts"):
                shutil.copy(path, root / path.lstrip("/"))
            stage = stages[name] = Stage(root)
            # As `docker build` passes a proxy on.
            stage.environment |= {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
            if certificates := os.environ.get("PIP_CERT"):
                shutil.copy(certificates, root / "etc" / "pip-ca.pem")
                stage.environment["PIP_CERT"] = "/etc/pip-ca.pem"
        elif word == "RUN":
            say(rest[:100])
            run(*stage.command("/bin/sh", "-c", rest))
        elif word == "COPY":
            source = ROOT
            if words[0].startswith("--from="):
                source = stages[words.pop(0).removeprefix("--from=")].root
            copy(source, [source / name.lstrip("/") for name in words[:-1]], stage, words[-1])
        elif word == "WORKDIR":
            stage.directory = rest
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            stage.user = rest
        elif word == "ENV":
            for pair in words:
                name, _, value = pair.partition("=")
                stage.environment[name] = value.replace("$PATH", stage.environment["PATH"])
        elif word not in ("ARG", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"):
            raise SystemExit(f"Dockerfile: {word}: not known here")
    return stage


def copy(context: Path, sources: list[Path], stage: Stage, target: str) -> None:
    """COPY: a directory's content into `target`, files into it; of the checkout without what .dockerignore names."""
    place = stage.root / (Path(stage.directory) / target).as_posix().lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    stays_out = left_out()

    def ignored(directory: str, names: list[str]) -> list[str]:
        if context != ROOT:
            return []
        return [name for name in names if stays_out((Path(directory) / name).relative_to(ROOT).as_posix())]

    for source in sources:
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy2(source, place)


def check(stage: Stage) -> None:
    """Checks what the last stage must hold, and must not."""
    run(*stage.command("ronda", "--help"), stdout=subprocess.DEVNULL)
    for name in ABSENT:
        done = subprocess.run(
            stage.command("/opt/ronda/bin/python", "-c", f"import {name}"),
            capture_output=True,
            text=True,
            check=False,
        )
        if "ModuleNotFoundError" not in done.stderr:
            raise SystemExit(f"{name} is in the image, or could not be looked for: {done.stderr}")
        say(f"absent: {name}")
    for name in ("gcc", "cc", "git"):
        if shutil.which(name, path=str(stage.root / "usr/bin")):
            raise SystemExit(f"{name} is in the image")
    answered(stage)


def answered(stage: Stage) -> None:
    """A person of a small nation is checked: served by the image, asked by the image's command."""
    with tempfile.TemporaryDirectory() as directory, PostgresCluster() as cluster:
        nation = build_nation(Path(directory), cluster, persons=1_000, seed=20261124)
        data = stage.root / "var/lib/ronda"
        for name in ("generations", "CURRENT"):
            run("cp", "-r", nation.data / name, data / name)
        cases = json.loads((nation.truth / "cases.json").read_text(encoding="utf-8"))["cases"]
    wanted = next(case["request"]["cui"] for case in cases if case["name"] == "wanted")
    run(*Stage(stage.root).command("chown", "-R", "ronda:ronda", "/var/lib/ronda"))
    address = f"127.0.0.1:{free_port()}"  # loopback: without a trust directory nothing else is served
    stage.environment |= {"RONDA_LISTEN": address, "RONDA_METRICS": "off"}
    server = subprocess.Popen(stage.command("ronda", "serve"), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        say(line.strip())
        if "ready" not in line or "generation" not in line:
            raise SystemExit("the server did not come up")
        done = run(*stage.command("ronda", "check", wanted, "--server", address), stdout=subprocess.PIPE)
        if "ROJO" not in done.stdout:
            raise SystemExit(f"not the answer: {done.stdout}")
        say(done.stdout.splitlines()[0])
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        if owner == 0:
            raise SystemExit("the server runs as root")
    finally:
        server.terminate()
        if server.wait(60) not in (0, -15):
            raise SystemExit(f"the server ended with {server.returncode}")


def main() -> int:
    """0 when the image is what the Dockerfile promises."""
    if os.geteuid() != 0:
        raise SystemExit("image-check: needs root, for chroot and debootstrap")
    started = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    check(build((ROOT / "Dockerfile").read_text(encoding="utf-8")))
    say(f"image-check: all holds, {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
