"""`./run upgrade-drill [--from COMMIT]`: an upgrade and a roll-back over one data directory, with a crash in between.

The earlier release builds a base, serves and is fed; this one takes its place, is fed and is killed; the earlier one
serves again, and so on. After each start it is asked about everybody: a wanted person is never CLEAR with complete
coverage, nor HIT who was freed. What refuses says so by name. Exit status 1 where one answer was wrong, an audit log
does not hold, or a release does not serve that should.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.drills.run import GRACE_S, alarms_of, wrong_of
from tests.drills.world import EARLY, LATE, Asked, Running, drill_world, drop, is_right
from tests.indexer.small_registers import SmallRegisters
from tests.server.running_server import until
from tests.upgrade.releases import EARLIER, Release, earlier_release, this_release

_RIGHT_S = 40.0


class Drill:
    """One data directory, and what became of each step."""

    def __init__(self, directory: Path, registers: SmallRegisters) -> None:
        self._directory, self._registers = directory, registers
        self._drop = directory / "drop"
        self._drop.mkdir()
        self._starts = 0
        self.failed = 0
        self._stale_behind = False  # a way back over a base of the new release leaves fed registers STALE, as it said

    def index(self, release: Release) -> None:
        """A build, with what was fed."""
        registers = self._registers
        done = release.run(
            *("index", "--live", "--data", str(registers.data), "--sources", str(registers.sources)),
            *("--manifests", str(registers.manifests)),
        )
        # 4: published; the small world has no vehicles, and their register is carried forward as empty
        holds = done.returncode in (0, 4)
        self._tell(f"{release.name}: ronda index", holds, "" if holds else done.stderr[-300:])

    def check(self, release: Release) -> None:
        """Before the release takes the directory over: it reads all of it, and names what a way back loses."""
        done = release.run("upgrade", "--check", "--data", str(self._registers.data))
        lost = [line.strip() for line in done.stdout.splitlines() if "a roll-back" in line]
        self._stale_behind = any("fed registers are STALE until the release before has built" in line for line in lost)
        self._tell(f"{release.name}: ronda upgrade --check", done.returncode in (0, 8), "; ".join(lost) or done.stderr)

    def change(self, name: str, changes: list[dict[str, object]]) -> None:
        """Into the folder of the court's program."""
        drop(self._drop, name, changes)

    @contextmanager
    def serving(self, release: Release, step: str, *, killed: bool = False, unread: bool = False) -> Iterator[None]:
        """Server, live writer and source; asked until every answer is true, or none is wrong for a while.

        unread: over a base of the later release: never wrongly is enough where `ronda upgrade --check` said so.
        """
        self._starts += 1
        place = self._directory / f"run-{self._starts}"
        running = Running(self._registers.data, self._registers.manifests, place, self._drop, release.program)
        try:
            yield
            if not running.serves:
                self._tell(f"{release.name}: {step}", False, str(running.server.lines()[-1]))
                return
            asked, wrong = Asked(running.server), list[str]()
            said = asked.once()
            while not is_right(said) and time.monotonic() < running.since + _RIGHT_S:
                time.sleep(0.2)
                said = asked.once()
                if time.monotonic() > running.since + GRACE_S:
                    wrong += wrong_of(said)
            alarms = " ".join(dict.fromkeys(alarms_of(running)))
            as_said = is_right(said) or (unread and self._stale_behind)
            self._tell(f"{release.name}: {step}", as_said and not wrong, f"{'; '.join(wrong)} {alarms}")
        finally:
            if killed:
                for process in _of(self._registers.data):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            running.stop()
            until(lambda: not _of(self._registers.data), 60)

    def verify(self, release: Release) -> None:
        """Each release reads the audit log that both wrote."""
        done = release.run("audit", "verify", RONDA_DATA=str(self._registers.data))
        # 3: nothing to compare it with, for no second keeper is named
        self._tell(f"{release.name}: ronda audit verify", done.returncode in (0, 3), done.stdout.strip()[-200:])

    def _tell(self, step: str, holds: bool, said: str) -> None:
        self.failed += not holds
        sys.stdout.write(f"{'ok    ' if holds else 'FAILED'} {step:<44} {' '.join(said.split())[:300]}\n")
        sys.stdout.flush()


def _of(data: Path) -> list[psutil.Process]:
    """The processes of a server or a live writer of this data directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            told = [*process.cmdline(), process.environ().get("RONDA_DATA", "")]
            if str(data) in told and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def play(drill: Drill, old: Release, new: Release) -> None:
    """Forward, a crash, back, forward with a base of the new one, and back over that."""
    drill.index(old)
    with drill.serving(old, "first, fed"):
        drill.change("1-early", EARLY)
        drill.change("2-late", LATE)
    drill.check(new)
    with drill.serving(new, "upgrade, then killed", killed=True):
        pass
    drill.verify(new)
    with drill.serving(old, "roll-back after the crash"):
        pass
    drill.verify(old)
    with drill.serving(new, "upgrade again"):
        pass
    drill.index(new)
    with drill.serving(new, "over a base of its own"):
        pass
    with drill.serving(old, "roll-back over the new one's base", unread=True):
        pass
    drill.index(old)
    with drill.serving(old, "over a base of its own again"):
        pass
    with drill.serving(new, "upgrade for good"):
        pass
    drill.verify(old)
    drill.verify(new)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run upgrade-drill", description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="commit", default=EARLIER, help="the earlier release's commit")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="ronda-upgrade-"))
    try:
        old, new = earlier_release(directory, given.commit), this_release(directory)
        drill = Drill(directory, drill_world().write(directory / "world"))
        play(drill, old, new)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return int(drill.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
