"""`./run check`: the packages that a server installs, against PyPI's known vulnerabilities (pip-audit).

Where that source cannot be asked (no network, a mirror without it) nothing is audited, and the check says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# The application with all its clients but Spark.
EXPORT = ("export", "-q", "--frozen", "--no-emit-project", "--all-extras", "--no-extra", "spark")
_SECONDS = 600


def pinned(lock: str) -> list[str]:
    """`name==version` of each package of a lock file, without hashes and markers."""
    lines = (line.split(";")[0].strip(" \\") for line in lock.splitlines())
    return [line for line in lines if "==" in line and not line.startswith(("#", "--"))]


def audited(requirements: list[str], seconds: float = _SECONDS) -> list[dict[str, Any]]:
    """Returns what pip-audit says of each; [] when it could not ask."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(requirements) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "-r", file.name, "--no-deps", "--disable-pip", "--format", "json"]
        try:
            done = subprocess.run(
                [*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False, timeout=seconds
            )
            found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError, subprocess.TimeoutExpired):
            return []
    return [each for each in found if "skip_reason" not in each]


def verdict(answers: list[dict[str, Any]], asked: int) -> tuple[int, str]:
    """(Exit status, what to say)."""
    known = [f"{each['name']} {each['version']}: {v['id']}" for each in answers for v in each.get("vulns", ())]
    if known:
        return 1, "known vulnerabilities:\n" + "\n".join(known)
    if not answers:
        return 0, "note: PyPI's vulnerability source cannot be reached from here: NOTHING WAS AUDITED"
    if len(answers) < asked:
        return 0, f"note: {asked - len(answers)} of {asked} packages are unknown to the source and were not audited"
    return 0, ""


def main() -> int:
    """0 when nothing is known against any package, or when nobody can be asked."""
    uv = str(Path(sys.executable).parent / "uv")
    locked = subprocess.run([uv, *EXPORT], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    requirements = pinned(locked)
    first = audited(requirements[:1], 60)  # one question tells whether the others are worth their time
    status, text = verdict(audited(requirements) if first else [], len(requirements))
    print(text)  # noqa: T201
    return status


if __name__ == "__main__":
    raise SystemExit(main())
