"""`./run check`: every static check, each by its own tool; one line a check, as many at once as there are
cores, and all of them even when one fails.

buf breaking compares the contract with proto/baseline.binpb, the descriptor image of the last release; a release
replaces it with `buf build --exclude-source-info -o proto/baseline.binpb`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("ronda", "core", "server", "indexer", "clients", "nation", "bench", "tests", "setup.py")

CHECKS: dict[str, list[str]] = {
    "mypy --strict": [sys.executable, "-m", "mypy", *PACKAGES],
    "stubtest core": [
        sys.executable,
        "-m",
        "mypy.stubtest",
        "core",
        "--mypy-config-file",
        "pyproject.toml",
        "--allowlist",
        "tests/house/stubtest_allowlist.txt",
        "--ignore-unused-allowlist",
    ],
    "ruff check": [str(BIN / "ruff"), "check", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
    "cython-lint": [str(BIN / "cython-lint"), "core"],
    "C": [sys.executable, "-m", "tests.house.written_c"],
    "shellcheck": ["shellcheck", "run", ".ci/run"],
    "buf lint": [str(BIN / "buf"), "lint"],
    "buf breaking": [str(BIN / "buf"), "breaking", "--against", "proto/baseline.binpb"],
    "pip-audit": [sys.executable, "-m", "tests.house.dependency_audit"],
}


def run(name: str) -> tuple[str, subprocess.CompletedProcess[str], float]:
    """(Name, how it ended, seconds)."""
    start = time.monotonic()
    # A cache each: mypy and stubtest run at once, and on a busy machine one finds the other's database locked.
    # And the PATH for cython-lint, which starts pycodestyle by name.
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    own = os.environ | {"PATH": path, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / name.split(maxsplit=1)[0])}
    done = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False, env=own)
    return name, done, time.monotonic() - start


def main() -> int:
    """Runs every check; 0 when all hold."""
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, done, seconds in pool.map(run, CHECKS):
            held = done.returncode == 0
            print(f"{'ok    ' if held else 'FAILED'} {name} ({seconds:.1f} s)", flush=True)  # noqa: T201
            if held and done.stdout.startswith("note:"):
                print(f"       {done.stdout.strip()}", flush=True)  # noqa: T201
            if not held:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)  # noqa: T201
    print(f"{len(CHECKS) - len(failed)} passed, {len(failed)} failed")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
