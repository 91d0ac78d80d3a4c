"""`./run drills [--losses N] [--seed N]`: loses parts of a data directory, starts the server and asks about everybody.

After max(silent_s, 5 s) a wanted person is never CLEAR with complete coverage, and whoever a change has freed is never
HIT with complete coverage. It prints what became of each loss; exit status 1 where one answer was wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.drills.losses import LOSSES, Loss, both
from tests.drills.world import FREED, SILENT_S, WANTED, Asked, DrillWorld, Running, is_right

GRACE_S = max(SILENT_S, 5.0)
WATCHED_S = 6.0  # after it
_ALARMS = ("lost", "missing", "anew", "behind", "withdrawn", "refused", "stale", "another", "differ", "unapplied")


@dataclass
class Outcome:
    """The outcome of one loss."""

    name: str
    became: str = ""
    said: str = ""  # by name, in the log or on the way out
    wrong: list[str] = field(default_factory=list)


def play(world: DrillWorld, name: str, directory: Path) -> Outcome:
    """One drill: the loss, a start, questions."""
    places = world.places(directory)
    _loss_of(name)(places)
    outcome = Outcome(name)
    running = Running(places.data, world.registers.manifests, directory / "run", places.drop)
    try:
        if not running.serves:
            outcome.became = "refused by name"
            outcome.said = running.server.lines()[-1].get("why", "") or str(running.server.lines()[-1]["event"])
            return outcome
        asked = Asked(running.server)
        said = asked.once()
        while time.monotonic() < running.since + GRACE_S + WATCHED_S:
            said = asked.once()
            if time.monotonic() > running.since + GRACE_S:
                outcome.wrong += wrong_of(said)
            time.sleep(0.2)
        outcome.became = "right answer" if is_right(said) else "INCOMPLETE" if not outcome.wrong else "wrong"
        outcome.said = " ".join(dict.fromkeys(alarms_of(running)))
    finally:
        running.stop()
    return outcome


def _loss_of(name: str) -> Loss:
    return both(*(LOSSES[part] for part in name.split(" + ")))


def wrong_of(said: dict[str, set[tuple[str, bool]]]) -> list[str]:
    """Returns the persons answered with CLEAR or HIT and complete coverage who should not be."""
    green = [name for name in WANTED if ("CLEAR", True) in said[name]]
    red = [name for name in FREED if ("HIT", True) in said[name]]
    return [*(f"{name}: CLEAR" for name in green), *(f"{name}: HIT" for name in red)]


def alarms_of(running: Running) -> list[str]:
    """Events of warnings and errors, of server and live writer."""
    found = [str(line["event"]) for line in running.server.lines() if line.get("level") in ("warning", "error")]
    text = running.live_log.read_text(encoding="utf-8", errors="replace")
    return found + [line[:100] for line in text.splitlines() if any(word in line for word in _ALARMS)][:2]


def drawn(count: int, seed: int) -> list[str]:
    """So many losses in a random order: each once, then two at a time."""
    generator = random.Random(seed)
    names = [*LOSSES]
    generator.shuffle(names)
    while len(names) < count:
        names.append(" + ".join(generator.sample([*LOSSES], 2)))
    return names[:count]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run drills", description=__doc__.partition("\n")[0])
    parser.add_argument("--losses", type=int, default=len(LOSSES), help="how many")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", choices=[*LOSSES], help="this one alone")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="ronda-drills-"))
    outcomes = []
    try:
        _say(f"seed {given.seed}")
        world = DrillWorld(directory / "world")
        for number, name in enumerate([given.only] if given.only else drawn(given.losses, given.seed)):
            outcome = play(world, name, directory / f"drill-{number}")
            outcomes.append(outcome)
            wrong = f"  WRONG: {'; '.join(dict.fromkeys(outcome.wrong))}" if outcome.wrong else ""
            _say(f"{name:40} {outcome.became:16} {outcome.said}{wrong}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    count = sum(bool(each.wrong) for each in outcomes)
    _say(f"{len(outcomes)} losses: {count} with a wrong CLEAR or HIT")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
