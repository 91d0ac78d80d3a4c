"""Looks at the C that people wrote with two compilers: their warnings, and their analysers of paths.

gcc: -Wall -Wextra -Wconversion and -fanalyzer; clang: its static analyser (core, deadcode, security, unix). Any finding
fails. Layout is not checked: clang-format writes otherwise from one release to the next.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
GCC = ("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fanalyzer", "-c", "-o", "/dev/null")
ANALYSED = ("-Xclang", "-analyzer-output=text", "-Xclang", "-analyzer-werror")
CLANG = ("clang", "--analyze", *ANALYSED, "-std=gnu11", "-o", "/dev/null")


def written() -> list[Path]:
    """Returns the sources of core/ that stand without a .pyx: what Cython writes is not looked at."""
    return sorted(source for source in (ROOT / "core").rglob("*.c") if not source.with_suffix(".pyx").exists())


def main() -> int:
    """Prints each finding; returns 1 where there is one, or where no source was found."""
    sources = written()
    failed = not sources
    for source in sources:
        for compiler in (GCC, CLANG):
            done = subprocess.run([*compiler, str(source)], cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                failed = True
                print(done.stdout + done.stderr)  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
