"""kill -9 of the indexer at random moments: what answers stays as it was, and the next build starts clean."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from indexer.generations.listing import verify_generation
from indexer.generations.publishing import current_generation, published_generations
from indexer.pipeline import build
from tests.indexer.small_registers import SmallRegisters
from tests.indexer.test_pipeline import leftovers, persons_found

# Kills that meet a build on its way; `./run test-long` asks for 20.
KILLS = int(os.environ.get("RONDA_KILLS", "4"))
ATTEMPTS = 3 * KILLS
PROGRAM = (
    "import sys, pathlib\n"
    "from indexer.build.options import BuildOptions\n"
    "from indexer.pipeline import build\n"
    "print('ready', flush=True)\n"
    "sources, manifests, data = map(pathlib.Path, sys.argv[1:])\n"
    "build(BuildOptions(data=data, sources=sources, manifests=manifests, quiet=True, keep_generations=1))\n"
)


def start(registers: SmallRegisters) -> subprocess.Popen[bytes]:
    """A build in a process of its own, after its imports."""
    arguments = [str(path) for path in (registers.sources, registers.manifests, registers.data)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_lose_nothing(registers: SmallRegisters) -> None:
    began = time.monotonic()
    before = build(registers.options())
    whole = time.monotonic() - began
    persons, killed = 100, 0
    chance = random.Random(20261124)
    for _ in range(ATTEMPTS):
        current = current_generation(registers.data)
        persons += 1
        registers.write_persons(persons)
        process = start(registers)
        time.sleep(chance.uniform(0, whole))
        met = process.poll() is None
        process.kill()  # nothing to do when it has ended
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        killed += met
        if not met or current_generation(registers.data) != current:
            assert persons_found(registers, persons) == [True]
        else:
            assert persons_found(registers, persons - 1, persons) == [True, False]
        assert verify_generation(registers.data).ok
        began = time.monotonic()
        summary = build(registers.options(keep_generations=1))
        whole = time.monotonic() - began  # as the machine is now: on one that grew quiet most kills would come too late
        assert summary.persons == persons
        assert leftovers(registers.data) == []
        assert len(published_generations(registers.data)) <= 2
        assert verify_generation(registers.data, summary.generation_id).ok
        if killed == KILLS:
            break
    assert killed == KILLS
    assert before.generation_id not in published_generations(registers.data)


@pytest.mark.parametrize("moment", ["renamed", "switched"])
def test_killed_between_the_last_steps(registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Between the renames of publishing, and between CURRENT and LAST.json: the two narrowest windows."""

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    build(registers.options())
    registers.write_warrants({f"W{n}": (n, "PENDIENTE") for n in range(1, 6)})
    with monkeypatch.context() as patched:
        patched.setattr(
            "indexer.generations.publishing.switch" if moment == "renamed" else "indexer.pipeline.save_last", die
        )
        with pytest.raises(Killed):
            build(registers.options())
    registers.break_source("oj")
    summary = build(registers.options())
    expected = 2 if moment == "renamed" else 5  # the extract of the generation that was published is the last good one
    assert summary.to_json()["alerts"] == {"WARRANT": expected}
    assert verify_generation(registers.data).ok
    assert leftovers(registers.data) == []
