"""Programs compiled for this bench and shipped nowhere: the load generator, and the peers in C++ and Go.

Kept in build/peers under a hash of sources, command and compiler.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "peers"
_HERE = Path(__file__).parent
_GOPATH = "/usr/share/gocode"  # where Debian's packages of Go libraries lie


def generator() -> Path:
    """ronda-limit, the load generator."""
    sources = sorted((_HERE / "generator").glob("*.c"))
    command = ["gcc", "-std=gnu17", "-O3", "-march=native", "-Wall", "-Wextra", "-D_GNU_SOURCE", *map(str, sources)]
    libraries = ["-lnghttp2", "-lssl", "-lcrypto", "-lm"]
    return _built("ronda-limit", [*sources, _HERE / "generator" / "load.h"], command, libraries)


def cpp_peer() -> Path:
    """The look-up behind C++ gRPC."""
    source = _HERE / "peers" / "cpp" / "lookup.cpp"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "grpc++"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()
    command = ["g++", "-std=c++17", "-O3", "-march=native", "-Wall", "-Wextra", str(source)]
    return _built("cpp-lookup", [source], command, flags)


def go_peer() -> Path:
    """The look-up behind grpc-go."""
    source = _HERE / "peers" / "go" / "lookup.go"
    environment = {"GO111MODULE": "off", "GOPATH": _GOPATH, "GOCACHE": str(BUILT / "go-cache"), "GOFLAGS": ""}
    return _built("go-lookup", [source], ["go", "build"], [str(source)], environment)


def version_of(command: Sequence[str]) -> str:
    """The first line of what a command says of itself; "" where it is not there."""
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.splitlines()[0] if done.stdout else ""


def _built(
    name: str,
    sources: Sequence[Path],
    command: Sequence[str],
    after: Sequence[str],
    more: Mapping[str, str] | None = None,
) -> Path:
    """Runs `command -o OUT after`, once. Raises CalledProcessError with the compiler's words on standard error."""
    state = hashlib.sha256(version_of([command[0], "version" if command[0] == "go" else "--version"]).encode())
    state.update("\0".join([*command, *after]).encode())
    for source in sources:
        state.update(source.read_bytes())
    path = BUILT / f"{name}-{state.hexdigest()[:12]}"
    if not path.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        for older in BUILT.glob(f"{name}-*"):
            shutil.rmtree(older) if older.is_dir() else older.unlink()
        fresh = path.with_suffix(".new")
        subprocess.run([*command, "-o", str(fresh), *after], check=True, env={**os.environ, **(more or {})})
        fresh.rename(path)
    return path
