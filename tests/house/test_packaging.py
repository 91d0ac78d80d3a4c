"""Content of an install that is not editable (the Dockerfile's): every package that shipped code imports, and data."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from setuptools import find_packages

from ronda.commands.exit_status import ExitStatus
from ronda.commands.extras import EXTRA_OF

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


def _distribution_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", each)[0] for each in requirements}


# Module -> distribution, where the names differ; and packages that are needed without an import of ours.
DISTRIBUTIONS = {
    "fpdf": "fpdf2", "grpc": "grpcio", "grpc_health": "grpcio-health-checking", "grpc_reflection": "grpcio-reflection",
    "grpc_status": "grpcio-status", "nats": "nats-py", "prometheus_client": "prometheus-client",
    "pythonjsonlogger": "python-json-logger", "python_calamine": "python-calamine",
    "pydantic_settings": "pydantic-settings",
    "adbc_driver_manager": "adbc-driver-manager", "adbc_driver_postgresql": "adbc-driver-postgresql",
    "google.protobuf": "protobuf", "google.rpc": "googleapis-common-protos",
}  # fmt: skip
NOT_DECLARED = {
    "PIL": "comes with fpdf2", "markupsafe": "comes with jinja2", "pydantic_core": "comes with pydantic",
    "pyhanko_certvalidator": "comes with pyhanko", "psycopg": "the demo's (dependency group)",
}  # fmt: skip
WITHOUT_IMPORT = {"pandas": "PySpark hands rows over in it"}


def _imported_distributions(rooms: Iterable[str]) -> set[str]:
    own = {"core", "server", "indexer", "clients", "ronda", "nation", "bench", "tests"}
    found = set()
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            for name in imported(path):
                parts = name.split(".")
                top = ".".join(parts[:2]) if parts[0] == "google" else parts[0]
                if top not in own and top not in sys.stdlib_module_names and top != "google" and path.parts[-2] != "v1":
                    found.add(DISTRIBUTIONS.get(top, top))
    return found


def test_declared_dependencies_are_those_that_are_imported() -> None:
    """Nothing is declared that no shipped code imports; nothing is imported that is not declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    server = _distribution_names(project["dependencies"])
    extras = {name: _distribution_names(packages) for name, packages in project["optional-dependencies"].items()}
    everywhere = _imported_distributions(("core", "server", "indexer", "ronda", "clients"))
    declared = server.union(*extras.values())
    assert everywhere - declared == set(NOT_DECLARED)
    assert declared - everywhere == set(WITHOUT_IMPORT)
    assert server - _imported_distributions(("core", "server", "indexer", "ronda", "clients/client")) == set()


def test_every_package_of_an_extra_is_named_when_it_is_missing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: _distribution_names(packages) for name, packages in project["optional-dependencies"].items()}
    assert set(EXTRA_OF.values()) <= set(extras)
    for module, extra in EXTRA_OF.items():
        assert DISTRIBUTIONS.get(module, module) in extras[extra]
    server = _distribution_names(project["dependencies"])
    named = {DISTRIBUTIONS.get(module, module) for module in EXTRA_OF}
    assert set().union(*extras.values()) - server - named == {"pandas", "pyspark"}  # ronda/spark says it itself


@pytest.mark.parametrize(("package", "command"), [("starlette", "console"), ("aiosmpplib", "sms")])
def test_a_command_says_which_extra_it_lacks(package: str, command: str) -> None:
    start = f"import sys; sys.modules.update({package}=None); sys.argv = ['ronda', '{command}']"
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; from ronda.command import main; main()"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == ExitStatus.SETTINGS
    assert f"Falta el paquete {package}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_install_of_the_server_alone_runs_its_commands() -> None:
    """No command of a server imports a package of an extra before it is asked for what needs it."""
    absent = f"import sys; sys.modules.update(dict.fromkeys({sorted(EXTRA_OF)!r}))"
    for command in [
        "serve",
        "index",
        "live",
        "doctor",
        "backup",
        "check",
        "audit",
        "generations",
        "keys",
        "subject",
        "feed",
    ]:
        start = f"{absent}; sys.argv = ['ronda', '{command}', '--help']; from ronda.command import main; main()"
        done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
        assert done.returncode == ExitStatus.DONE, (command, done.stderr)


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
