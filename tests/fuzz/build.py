"""Compiles a copy of the core with coverage and sanitizers, and the program that runs targets over it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"
TREE = BUILD / "tree"  # the copy: its core/ comes before ours on sys.path
DRIVER = BUILD / "driver"
SANITIZERS = "address,undefined"


class BuildFailed(Exception):
    """The sanitized core or the driver does not compile; the message ends with the compiler's last lines."""


def run(command: list[str], log: Path, **environment: str) -> None:
    """Runs a compiler; its output goes to the log."""
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=TREE, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
        raise BuildFailed(f"{command[0]} failed, see {log}\n{tail}")


def copy_if_newer(source: Path, target: Path) -> None:
    if not target.exists() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def needed_modules() -> set[str]:
    """Dotted names of the modules of core/ that the targets reach by import or cimport: the others stay away."""
    waiting = list(Path(__file__).parent.glob("*.py"))
    seen: set[Path] = set()
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"^\s*from ((?:core|tests|indexer|server)[\w.]*) c?import", text, re.MULTILINE)
        for room, names in re.findall(r"^\s*from (core[\w.]*) c?import ([\w, ]+)$", text, re.MULTILINE):
            named += [f"{room}.{name.split(' as ')[0].strip()}" for name in names.split(",")]
        for name in named:
            files = [ROOT.joinpath(*name.split(".")).with_suffix(suffix) for suffix in (".py", ".pyx", ".pxd")]
            waiting += files
            if name.startswith("core.") and any(file.is_file() for file in files):
                found.add(name)
    return found


def _dotted(source: Path) -> str:
    return ".".join(source.relative_to(ROOT).with_suffix("").parts)


def copy_tree() -> None:
    """Copies what setup.py needs and compiles, the generated C with it, so that nothing is translated twice."""
    suffixes = {".py", ".pyx", ".pxd", ".pxi", ".pyi", ".c", ".h", ".toml"}
    modules = needed_modules()
    shared = {".pxi", ".h", ".toml"}  # of no module
    always = ("__init__", "contract", "standard_record")
    sources = [
        path
        for path in (ROOT / "core").rglob("*")
        if path.suffix in suffixes and (_dotted(path) in modules or path.suffix in shared or path.stem in always)
    ]
    sources += list((ROOT / "proto").rglob("*.proto"))
    sources += [ROOT / "setup.py", ROOT / "pyproject.toml", ROOT / "README.md"]
    for source in sources:
        copy_if_newer(source, TREE / source.relative_to(ROOT))
    kept = {source.relative_to(ROOT) for source in sources}
    for stale in (TREE / "core").rglob("*.pyx"):
        if stale.relative_to(TREE) not in kept:
            for file in stale.parent.glob(f"{stale.stem}.*"):
                file.unlink()
    (TREE / "ronda" / "v1").mkdir(parents=True, exist_ok=True)


def compile_core(clang: str) -> None:
    run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--parallel", str(os.cpu_count() or 1)],
        BUILD / "core.log",
        RONDA_SANITIZE="1",
        CC=clang,
        LDSHARED=f"{clang} -shared",
        CFLAGS="-fsanitize=fuzzer-no-link -Wno-everything",
    )


def python_library() -> list[str]:
    """Linker arguments of libpython; Debian's python3-dev, which the build needs anyway, holds it."""
    folders = [Path(str(sysconfig.get_config_var(name))) for name in ("LIBDIR", "LIBPL")]
    for name in ("LDLIBRARY", "LIBRARY"):
        for folder in folders:
            library = folder / str(sysconfig.get_config_var(name))
            if library.is_file():
                return [str(library), f"-Wl,-rpath,{folder}", "-ldl", "-lm", "-lpthread", "-lutil"]
    raise BuildFailed("libpython was not found: install python3-dev")


def compile_driver(clang: str) -> None:
    source = Path(__file__).with_name("driver.c")
    if DRIVER.exists() and DRIVER.stat().st_mtime > source.stat().st_mtime:
        return
    include = sysconfig.get_path("include")
    run(
        [
            *[clang, "-g", "-O1", f"-fsanitize=fuzzer,{SANITIZERS}", f"-I{include}", str(source), "-o", str(DRIVER)],
            *["-Wl,--export-dynamic", *python_library()],
        ],
        BUILD / "driver.log",
    )


def build() -> Path:
    """Builds what is not up to date and returns the driver. Raises BuildFailed."""
    clang = os.environ.get("RONDA_CLANG") or shutil.which("clang")
    if clang is None:
        raise BuildFailed("clang was not found: apt-get install clang")
    TREE.mkdir(parents=True, exist_ok=True)
    copy_tree()
    compile_core(clang)
    compile_driver(clang)
    return DRIVER
