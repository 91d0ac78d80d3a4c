"""`python -m tests.release.sbom`: bills of materials (CycloneDX 1.6, JSON) of both wheels into dist/ (./run sbom).

ronda-<version>.cdx.json          the server: each package of its clients too, as uv.lock has it, with its hashes
ronda_client-<version>.cdx.json   the client: what an installation of its wheel with [feed] brings today

Written by cyclonedx-py, in build/sbom-venv. Debian's libraries and the console's assets are in neither.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
TOOL = ROOT / "build" / "sbom-venv" / "bin" / "cyclonedx-py"
LOCK = ROOT / "build" / "app.lock"  # ./run sbom writes it from uv.lock
CLIENT = ROOT / "build" / "sbom-client"
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)


class Incomplete(Exception):
    """A bill that lacks something that it must name."""


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def components(bill: Path) -> dict[str, str]:
    """Each component's version by its name."""
    document = json.loads(bill.read_bytes())
    return {_canonical(each["name"]): each.get("version", "") for each in document["components"]}


def _written(bill: Path, *arguments: str | Path) -> Path:
    command = [TOOL, *arguments, "--output-reproducible", "--validate", "--sv", "1.6", "-o", bill]
    subprocess.run(list(map(str, command)), check=True)
    return bill


def server_bill(version: str) -> Path:
    """The server's, held against its lock. Raises Incomplete."""
    bill = DIST / f"ronda-{version}.cdx.json"
    _written(bill, "requirements", LOCK, "--pyproject", ROOT / "pyproject.toml", "--mc-type", "application")
    locked = {_canonical(name): pinned for name, pinned in _PINNED.findall(LOCK.read_text(encoding="utf-8"))}
    if missing := locked.items() - components(bill).items():
        raise Incomplete(f"{bill.name} lacks {', '.join(sorted(name for name, _ in missing))}")
    return bill


def client_bill(version: str) -> Path:
    """The client's, of an environment with nothing but its wheel and what that brings. Raises Incomplete."""
    wheel = DIST / f"ronda_client-{version}-py3-none-any.whl"
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(CLIENT)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(CLIENT / "bin" / "python"), "install", "-q"]
    subprocess.run([*pip, "--disable-pip-version-check", f"{wheel}[feed]"], check=True)
    for note in CLIENT.glob("lib/python3*/site-packages/ronda_client-*/direct_url.json"):
        note.unlink()  # the place on this machine that the wheel was read from
    bill = _written(DIST / f"ronda_client-{version}.cdx.json", "environment", CLIENT / "bin" / "python")
    found = components(bill)
    if missing := {"ronda-client", "grpcio", "protobuf"} - found.keys():
        raise Incomplete(f"{bill.name} lacks {', '.join(sorted(missing))}")
    return bill


def main() -> int:
    DIST.mkdir(exist_ok=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    try:
        for bill in (server_bill(version), client_bill(version)):
            sys.stdout.write(f"{bill.relative_to(ROOT)}: {len(components(bill))} components\n")
    except Incomplete as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
