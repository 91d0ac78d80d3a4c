"""The losses: each takes a part of a data directory away, or puts an old copy of it back, while nothing runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """data: what is to serve. earlier: a whole copy of it from before the last changes. drop: the source's folder."""

    data: Path
    earlier: Path
    drop: Path


Loss = Callable[[Places], None]


def lose(place: Path) -> None:
    """Removes a file or directory, which must have been there."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()


def put_back(name: str) -> Loss:
    """A part from the old copy; what the copy lacks is gone."""

    def work(places: Places) -> None:
        now, before = places.data / name, places.earlier / name
        lose(now)
        if before.is_dir():
            shutil.copytree(before, now)
        elif before.exists():
            shutil.copy2(before, now)

    return work


def lost(name: str) -> Loss:
    """A part that is gone."""
    return lambda places: lose(places.data / name)


def _lost_if_there(name: str) -> Loss:
    return lambda places: (places.data / name).unlink(missing_ok=True)


def _unmounted(name: str) -> Loss:
    """Empties a directory: its disk was not mounted at the start."""

    def work(places: Places) -> None:
        lose(places.data / name)
        (places.data / name).mkdir(mode=0o700)

    return work


def _swap_subject_key(places: Places) -> None:
    (places.data / "subject.key").write_bytes(os.urandom((places.data / "subject.key").stat().st_size))


def _second_server(places: Places) -> None:
    """Only what a build publishes was copied: no ledger, no live changes."""
    kept = {"generations", "CURRENT", "subject.key"}
    for place in places.data.iterdir():
        if place.name not in kept:
            lose(place)


def _second_server_without_its_key(places: Places) -> None:
    _second_server(places)
    lose(places.data / "subject.key")


def _everything_old(places: Places) -> None:
    lose(places.data)
    shutil.copytree(places.earlier, places.data)


def both(*losses: Loss) -> Loss:
    """One after the other."""

    def work(places: Places) -> None:
        for loss in losses:
            loss(places)

    return work


LOSSES: dict[str, Loss] = {
    "subject.key lost": lost("subject.key"),
    "subject.key of another": _swap_subject_key,
    "ledger lost": lost("ledger"),
    "ledger old": put_back("ledger"),
    "live lost": lost("live"),
    "live old": put_back("live"),
    "ledger and live old": both(put_back("ledger"), put_back("live")),
    "ledger and live lost": both(lost("ledger"), lost("live")),
    "generations on a second server": _second_server,
    "the same without subject.key": _second_server_without_its_key,
    "everything old": _everything_old,
    "hotlist.key lost, ledger old": both(_lost_if_there("hotlist.key"), put_back("ledger")),
    "recall lost": lost("recall"),
    "recall old": put_back("recall"),
    "confirmations old": put_back("confirmations"),
    "audit lost": lost("audit"),
    "audit old": put_back("audit"),
    "audit unmounted": _unmounted("audit"),
    "hotlist.key lost": _lost_if_there("hotlist.key"),
    "page.key lost": lost("page.key"),
    "staging lost": lost("staging"),
    "live old, audit lost": both(put_back("live"), lost("audit")),
}
