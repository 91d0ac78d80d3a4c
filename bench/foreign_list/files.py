"""The files of a run: written from a seed, known by their digests, and read by halves."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.foreign_list.guatemala import guatemalan
from bench.foreign_list.listed import listed
from bench.foreign_list.pairs import pair
from bench.foreign_list.questions import EACH, question
from bench.foreign_list.strangers import relative, stranger

SEED = 15_2026  # of the files whose digests are in git
ROOM = Path(__file__).parent
DEFAULT = ROOM.parent.parent / "build" / "bench" / "foreign-list"
DIGESTS = {"whole": ROOM / "SHA256", "sample": ROOM / "SHA256.sample"}

Progress = Callable[[str, int, int], None]  # (file, rows done, rows in all)


@dataclass(frozen=True)
class Sizes:
    """The number of each kind; a smaller run's rows are the first rows of a larger one's, relatives aside."""

    persons: int
    strangers: int
    relatives: int
    guatemalans: int
    pairs: int


WHOLE = Sizes(persons=5_000, strangers=50_000, relatives=6_000, guatemalans=50_000, pairs=10_000)
SAMPLE = Sizes(persons=300, strangers=300, relatives=300, guatemalans=300, pairs=800)
NAMES = ("listed", "questions", "strangers", "relatives", "guatemalans", "pairs")


def rows_of(name: str, seed: int, sizes: Sizes) -> Iterator[dict[str, Any]]:
    """The rows of one file, in order."""
    if name == "listed":
        return (listed(seed, number).row(seed) for number in range(1, sizes.persons + 1))
    if name == "questions":
        people = (listed(seed, number) for number in range(1, sizes.persons + 1))
        return (question(seed, person, number) for person in people for number in range(EACH))
    if name == "strangers":
        return (stranger(seed, number) for number in range(1, sizes.strangers + 1))
    if name == "relatives":
        # Every listed person in turn; no person has many more than another.
        return (relative(seed, n, listed(seed, (n - 1) % sizes.persons + 1)) for n in range(1, sizes.relatives + 1))
    if name == "guatemalans":
        return (guatemalan(seed, number) for number in range(1, sizes.guatemalans + 1))
    return (pair(seed, number) for number in range(1, sizes.pairs + 1))


def _count(name: str, sizes: Sizes) -> int:
    of = {"listed": sizes.persons, "questions": sizes.persons * EACH, "strangers": sizes.strangers,
          "relatives": sizes.relatives, "guatemalans": sizes.guatemalans, "pairs": sizes.pairs}  # fmt: skip
    return of[name]


def write(out: Path, seed: int, sizes: Sizes, on_progress: Progress | None = None) -> dict[str, str]:
    """Writes <name>.jsonl for each of NAMES into `out`; returns their SHA-256, by file name."""
    out.mkdir(parents=True, exist_ok=True)
    digests: dict[str, str] = {}
    for name in NAMES:
        state, path = hashlib.sha256(), out / f"{name}.jsonl"
        total = _count(name, sizes)
        with path.open("wb") as file:
            for done, row in enumerate(rows_of(name, seed, sizes), 1):
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                state.update(line)
                file.write(line)
                if on_progress is not None and (done % 500 == 0 or done == total):
                    on_progress(name, done, total)
        digests[path.name] = state.hexdigest()
    return digests


def known_digests(which: str) -> dict[str, str]:
    """Returns the digests in git of the files of SEED: `whole` or `sample`, by file name."""
    lines = DIGESTS[which].read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def digest_text(digests: dict[str, str]) -> str:
    """As sha256sum writes it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


class ChangedError(Exception):
    """A file is not the one that was agreed on: what is measured on it can be held against no bar."""


def read(directory: Path, name: str, half: str, *, checked: bool = True) -> list[dict[str, Any]]:
    """Returns the rows of one file, of half "A", "B" or "AB". Reading B is reported on standard error: it is held back.

    Raises ChangedError when the file's digest is not the one in git (`checked`), FileNotFoundError when it has not been
    made, ValueError for another half.
    """
    if half not in ("A", "B", "AB"):
        raise ValueError(f"half: {half!r} is none of A, B, AB")
    data = (directory / f"{name}.jsonl").read_bytes()
    if checked and hashlib.sha256(data).hexdigest() != known_digests("whole")[f"{name}.jsonl"]:
        raise ChangedError(
            f"{name}.jsonl is not the file of {DIGESTS['whole'].name}: python -m bench.foreign_list makes it"
        )
    rows = [row for row in map(json.loads, data.splitlines()) if row["half"] in half]
    if "B" in half:
        print(
            f"foreign list: half B, which is held back, is read: {len(rows)} rows of {name} ({half})", file=sys.stderr
        )
    return rows
