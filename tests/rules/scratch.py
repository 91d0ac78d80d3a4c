"""A copy of the tree under build/, in which one module at a time is changed, compiled and tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

_COPIED = ("bench", "clients", "core", "deploy", "docs", "indexer", "proto", "ronda", "server", "tests")
_FILES = ("pyproject.toml", "setup.py", "run", "README.md", "SECURITY.md")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "*.c", "*.html", ".hypothesis")
_TEST_SECONDS = 400
_BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
import re
names = sys.argv[1:]
def made(name):
    source = name.replace(".", "/") + ".pyx"
    head = open(source, encoding="utf-8").read()[:2000]
    libraries = re.findall(r"^# distutils: libraries = (.+)$", head, re.MULTILINE)
    return Extension(name, [source], libraries=libraries[0].split() if libraries else [],
                     extra_compile_args=["-O1", "-g0", "-Wno-unreachable-code"])
directives = {"language_level": "3", "embedsignature": True, "freethreading_compatible": False, "linetrace": False}
setup(script_args=["-q", "build_ext", "--inplace", "--force"],
      ext_modules=cythonize([made(name) for name in names], compiler_directives=directives, force=True, quiet=True))
"""


@dataclass(frozen=True)
class Outcome:
    """A test's outcome: passed, failed (by assertion), error (anything else), or absent; with the first line of why."""

    verdict: str
    why: str = ""


class Scratch:
    """The copy, which no longer depends on the root once it is made. `restore` undoes a change."""

    def __init__(self, root: Path, tree: Path) -> None:
        self.root, self.tree = root, tree
        self._whole: dict[Path, bytes] = {}
        self._environment = dict(os.environ) | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}

    def make(self) -> None:
        """Copies the tree as it stands, compiled modules with it."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir(parents=True)
        for name in _COPIED:
            shutil.copytree(self.root / name, self.tree / name, ignore=_LEFT_OUT)
        for name in _FILES:
            shutil.copy2(self.root / name, self.tree / name)

    def change(self, file: str, text: str, modules: list[str]) -> str:
        """Writes the file and compiles the modules; returns "" or what the compiler said."""
        self._whole = {path: path.read_bytes() for path in [self.tree / file, *self._compiled(modules)]}
        for path in self._whole:
            path.unlink()  # a new file, not new bytes in the old one: a process may still have it mapped
        (self.tree / file).write_text(text, encoding="utf-8")
        if not modules:
            return ""
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, *modules],
            cwd=self.tree,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 else (done.stderr or done.stdout)[-600:]

    def restore(self) -> None:
        """Puts back the file and the compiled modules as they were before the last change."""
        for path, content in self._whole.items():
            path.unlink(missing_ok=True)
            path.write_bytes(content)
        self._whole = {}

    def _compiled(self, modules: list[str]) -> list[Path]:
        return [path for module in modules for path in self.tree.glob(f"{module.replace('.', '/')}.*.so")]

    def test(self, nodes: list[str], seconds: int = _TEST_SECONDS) -> dict[str, Outcome]:
        """Runs pytest on the nodes; the outcome of each (of a parametrised one without brackets, its worst)."""
        report = self.tree / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *nodes]
        try:
            done = subprocess.run(
                [*command, f"--junitxml={report}", "-o", "junit_family=xunit1"],
                cwd=self.tree, env=self._environment, capture_output=True, text=True, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {node: Outcome("error", f"no end within {seconds} s") for node in nodes}
        if not report.exists():
            return {node: Outcome("error", done.stdout[-300:] + done.stderr[-300:]) for node in nodes}
        return {node: self._outcome(node, report) for node in nodes}

    @staticmethod
    def _outcome(node: str, report: Path) -> Outcome:
        file, *rest = node.split("::")
        worst = Outcome("absent")
        order = ["absent", "passed", "failed", "error"]
        for case in ET.parse(report).iter("testcase"):
            name = case.get("name", "")
            if case.get("file") != file or rest[-1] not in (name, name.split("[")[0]):
                continue
            found = Outcome("passed")
            for child in case:
                message = (child.get("message") or "").splitlines()[:1]
                if child.tag == "failure":
                    asserted = message and message[0].startswith(("AssertionError", "assert ", "Failed: DID NOT RAISE"))
                    found = Outcome("failed" if asserted else "error", message[0] if message else "")
                elif child.tag in ("error", "skipped"):
                    found = Outcome("error", f"{child.tag}: {message[0] if message else ''}")
            if order.index(found.verdict) > order.index(worst.verdict):
                worst = found
        return worst
