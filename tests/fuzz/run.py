"""Builds the fuzzers and runs targets: executions a second and findings; exit status 1 when there is a finding.

Findings are kept in build/fuzz/findings/<target>-*, new inputs in build/fuzz/corpus/<target>/.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.build import BUILD, ROOT, TREE, BuildFailed, build
from tests.fuzz.targets import LONGER, MAX_LENGTH, TARGETS

TIMEOUT_S = 20  # one input may take this long
MEMORY_MB = 4096
SANITIZER_OPTIONS = "abort_on_error=1:halt_on_error=1:print_stacktrace=1:handle_abort=1:allocator_may_return_null=1"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def environment(target: str) -> dict[str, str]:
    return os.environ | {
        "RONDA_FUZZ_PYTHON": sys.executable,
        "RONDA_FUZZ_PATH": f"{TREE}:{ROOT}",
        "RONDA_FUZZ_TARGET": target,
        "RONDA_VERIFY": "1",  # dear invariants too: core/machine/invariant.h
        "PYTHONMALLOC": "malloc",  # every object in memory that AddressSanitizer watches
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ASAN_OPTIONS": f"detect_leaks=0:{SANITIZER_OPTIONS}",  # the interpreter keeps what it made
        "UBSAN_OPTIONS": SANITIZER_OPTIONS,
    }


def write_seeds(name: str, folder: Path) -> None:
    """The seeds that the target's module computes, as files."""
    module, _, function = TARGETS[name].partition(":")
    seeds = getattr(importlib.import_module(module), f"{function}_seeds", list)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def fuzz(name: str, driver: Path, seconds: int) -> bool:
    """Runs one target; whether it had no finding."""
    corpus, seeds, findings = (BUILD / kind for kind in (f"corpus/{name}", f"seeds/{name}", "findings"))
    for folder in (corpus, seeds, findings):
        folder.mkdir(parents=True, exist_ok=True)
    write_seeds(name, seeds)
    kept = ROOT / "tests" / "fuzz" / "seeds" / name
    log = BUILD / f"{name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [
                *[str(driver), f"-max_total_time={seconds}", f"-timeout={TIMEOUT_S}", f"-rss_limit_mb={MEMORY_MB}"],
                *[
                    f"-max_len={LONGER.get(name, MAX_LENGTH)}",
                    f"-artifact_prefix={findings}/{name}-",
                    "-print_final_stats=1",
                ],
                *[str(corpus), str(seeds), *([str(kept)] if kept.is_dir() else [])],
            ],
            env=environment(TARGETS[name]),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text(encoding="utf-8", errors="replace")
    executed, rate = (re.search(rf"stat::{stat}:\s+(\d+)", text) for stat in STATISTICS)
    covered = re.findall(r"cov: (\d+)", text)
    numbers = f"{executed[1] if executed else '?':>10} runs {rate[1] if rate else '?':>7}/s"
    say(
        f"{name:<16}{numbers}  {covered[-1] if covered else '?'} branches  {'ok' if not done.returncode else 'FINDING'}"
    )
    if done.returncode:
        say("\n".join(text.splitlines()[-60:]))
        say(f"The input is in {findings}; all output in {log}")
    return done.returncode == 0


STATISTICS = ("number_of_executed_units", "average_exec_per_sec")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=int, default=60, help="of each target (default 60)")
    length.add_argument("--total-seconds", type=int, help="of all targets together")
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], help="default: every target")
    chosen = parser.parse_args(arguments)
    names = chosen.target or list(TARGETS)
    try:
        driver = build()
    except BuildFailed as error:
        say(str(error))
        return 2
    seconds = max(1, chosen.total_seconds // len(names)) if chosen.total_seconds else chosen.seconds
    clean = [fuzz(name, driver, seconds) for name in names]  # every one, whatever the first gives
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
