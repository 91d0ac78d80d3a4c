"""Fuzzes the express lane under ASan and UBSan: a session's bytes, the writers of its headers, its tables.

Builds what is needed (clang, libnghttp2-dev), runs one target after the other, and ends with 1 when there is a finding.
Inputs are kept in build/lane-fuzz/<target>/corpus, findings in build/lane-fuzz/findings.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lane.fuzz.seeds import SEEDS

ROOT = Path(__file__).parents[3]
LANE = ROOT / "core" / "lane"
BUILD = ROOT / "build" / "lane-fuzz"
# target -> (share of the time, longest input, the lane's files beneath it)
TARGETS: dict[str, tuple[float, int, tuple[str, ...]]] = {
    "session": (
        0.9,
        16384,
        (
            *("session", "frames", "stream", "headers", "message", "answer", "reply", "memory", "host", "grpc_text"),
            *("wheel", "tickets", "output", "counters", "sound_values"),
        ),
    ),
    "text": (0.05, 4096, ("grpc_text",)),
    "tables": (0.05, 1024, ("wheel", "tickets", "tally")),
}
FLAGS = ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"]
SANITIZERS = "-fsanitize=fuzzer,address,undefined"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def build(target: str) -> Path:
    """Compiles a target. Raises subprocess.CalledProcessError; the compiler says why."""
    clang = os.environ.get("RONDA_CLANG") or shutil.which("clang")
    if clang is None:
        raise SystemExit("clang was not found: apt-get install clang")
    program = BUILD / target / "fuzzer"
    program.parent.mkdir(parents=True, exist_ok=True)
    sources = [str(Path(__file__).with_name(f"{target}_target.c"))]
    sources += [str(LANE / f"{name}.c") for name in TARGETS[target][2]]
    wrapped = ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc"] if target == "session" else []
    subprocess.run([clang, *FLAGS, SANITIZERS, *sources, *wrapped, "-o", str(program), "-lnghttp2"], check=True)
    return program


def write_seeds(target: str) -> Path:
    folder = BUILD / target / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS[target]():
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return folder


def fuzz(target: str, seconds: float) -> bool:
    """Runs one target; whether it had no finding."""
    program, seeds = build(target), write_seeds(target)
    corpus, findings = BUILD / target / "corpus", BUILD / "findings"
    for folder in (corpus, findings):
        folder.mkdir(exist_ok=True)
    log = BUILD / f"{target}.log"
    options = [
        *(f"-max_total_time={max(1, round(seconds))}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"),
        *(f"-max_len={TARGETS[target][1]}", f"-artifact_prefix={findings}/{target}-"),
    ]
    with log.open("wb") as output:
        verifying = os.environ | {"RONDA_VERIFY": "1"}  # dear invariants too: core/machine/invariant.h
        command = [str(part) for part in (program, *options, corpus, seeds)]
        done = subprocess.run(command, env=verifying, stdout=output, stderr=subprocess.STDOUT, check=False)
    text = log.read_text(encoding="utf-8", errors="replace")
    runs = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    found = "ok" if not done.returncode else "FINDING"
    say(f"{target:<10}{runs[1] if runs else '?':>12} runs {covered[-1] if covered else '?':>6} edges  {found}")
    if done.returncode:
        say("\n".join(text.splitlines()[-60:]))
        say(f"The input is in {findings}; all output in {log}")
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run lane-fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="of all targets together (default 60)")
    chosen = parser.parse_args(arguments)
    clean = [fuzz(target, chosen.minutes * 60 * TARGETS[target][0]) for target in TARGETS]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
