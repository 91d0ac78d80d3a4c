"""`./run sbom`, its bills read by CycloneDX's own library and held against what is installed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.release.conftest import ROOT

PROJECT = ROOT / "pyproject.toml"
CLIENT = ROOT / "build" / "sbom-client" / "bin" / "python"


def named(bill: Path) -> dict[str, set[str]]:
    """Versions by name: a package may have one for each Python."""
    read: Any = Bom
    found: dict[str, set[str]] = defaultdict(set)
    for each in read.from_json(json.loads(bill.read_bytes())).components:
        found[canonicalize_name(each.name)].add(each.version or "")
    return found


def needed(*asked_for: str) -> dict[str, str]:
    """Name and version of each package that these bring, as it is installed here."""
    found: dict[str, str] = {}
    waiting = [Requirement(each) for each in asked_for]
    while waiting:
        wanted = waiting.pop()
        installed = distribution(wanted.name)
        found[canonicalize_name(wanted.name)] = installed.version
        for text in installed.requires or ():
            brought = Requirement(text)
            extras = ({"extra": extra} for extra in ("", *wanted.extras))
            is_brought = brought.marker is None or any(map(brought.marker.evaluate, extras))
            if is_brought and canonicalize_name(brought.name) not in found:
                waiting.append(brought)
    return found


@pytest.mark.long
def test_bills_name_what_is_installed() -> None:
    done = subprocess.run(["./run", "sbom"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server, client = (ROOT / line.partition(":")[0] for line in done.stdout.splitlines()[-2:])
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = (names for extra, names in project["optional-dependencies"].items() if extra != "spark")
    lines = [*project["dependencies"], *chain.from_iterable(extras)]
    bill = named(server)
    lacking = {name: version for name, version in needed(*lines).items() if version not in bill[name]}
    assert lacking == {}
    assert len(bill) > 30
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(CLIENT), "list", "--format", "json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert named(client) == {canonicalize_name(each["name"]): {each["version"]} for each in json.loads(listed.stdout)}
