"""Content of an install that is not editable (the Dockerfile's): every package that shipped code imports, and data."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from setuptools import find_packages

from ronda.commands.exit_status import ExitStatus

ROOT = Path(__file__).parents[2]
_SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
_FIND: dict[str, list[str]] = _SETTINGS["packages"]["find"]
SHIPPED: set[str] = set(find_packages(str(ROOT), include=_FIND["include"], exclude=_FIND["exclude"]))
DATA: dict[str, list[str]] = _SETTINGS["package-data"]
ROOTS = {name.partition(".")[0] for name in SHIPPED}
# Only a checkout has the synthetic nation and the demo; `ronda nation` says so where it is not there.
DOORS = {"ronda.commands.operator.nation": "nation", "ronda.commands.operator.sms": "ronda.demo"}
# Code: what setuptools takes by itself, what that is compiled from, and what Python caches.
COMPILED = (".py", ".pyc", ".pyx", ".c", ".so")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it; of `from a import b` also a.b, which may be one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_package_of_the_shipped_roots_is_listed() -> None:
    found = {dotted(path.parent) for root in ROOTS for path in (ROOT / root).rglob("__init__.py")}
    assert {"core", "server", "indexer", "clients", "ronda"} == ROOTS
    assert found - SHIPPED == {"ronda.demo"}
    assert SHIPPED - found == set()


def test_every_folder_of_code_is_a_package() -> None:
    """setuptools passes over a folder without `__init__.py`, and a checkout runs without one."""
    files = [path for root in ROOTS for path in (ROOT / root).rglob("*")]
    code = {path.parent for path in files if path.suffix in (".py", ".pyx", ".pxd")}
    assert len(code) > 40
    assert [str(folder.relative_to(ROOT)) for folder in sorted(code) if not (folder / "__init__.py").is_file()] == []


def test_an_install_says_that_the_nation_is_of_a_checkout() -> None:
    absent = "import sys; sys.modules.update(nation=None, psycopg=None); sys.argv = ['ronda', 'nation']"
    start = f"{absent}; from ronda.command import main; main()"
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert done.returncode == ExitStatus.CALLER
    assert "es de un checkout" in done.stderr
    assert "Traceback" not in done.stderr


def test_shipped_code_imports_shipped_packages_alone() -> None:
    packages = {
        dotted(path.parent)
        for root in (*ROOTS, "nation", "bench", "tests")
        for path in (ROOT / root).rglob("__init__.py")
    }
    missing = {
        (dotted(path), name)
        for package in SHIPPED
        for path in (ROOT / package.replace(".", "/")).glob("*.py")
        for module in imported(path)
        for name in (module, module.rpartition(".")[0])
        if name in packages - SHIPPED and not name.startswith(DOORS.get(dotted(path), "/"))
    }
    assert missing == set()


def test_every_data_file_is_listed() -> None:
    unlisted = []
    for package in SHIPPED:
        folder = ROOT / package.replace(".", "/")
        for path in folder.rglob("*"):
            within = path.relative_to(folder)
            inner = any((parent / "__init__.py").exists() for parent in path.parents if folder in parent.parents)
            if path.is_dir() or inner or path.suffix in COMPILED or "__pycache__" in within.parts:
                continue
            if not any(fnmatch(within.as_posix(), pattern) for pattern in [*DATA["*"], *DATA.get(package, [])]):
                unlisted.append(f"{package}: {within}")
    assert unlisted == []
