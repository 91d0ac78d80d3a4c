"""How often the suggestions for a mistyped CUI or plate hold the one that was meant: `python -m bench.suggestions`.

Of each, persons and plates of a nation are drawn, one slip made in each text (two neighbours swapped in three of ten,
else one character typed for another of its kind), and `Check` asked. A slip that happens to be somebody else's finds
that somebody, and suggests nothing: such are counted apart.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from bench.names import nations
from core.engine import METHODS, Engine
from core.generation import Generation
from core.grant import Grant
from ronda.v1 import check_service_pb2 as checks

ASKED = 2000
PERSONS = 1_000_000
FIRST = 5  # suggestions that a small screen shows
BAR = 0.9  # of the slips that find nobody, in the first FIRST
SEED = 3102
SWAPPED = 0.3
_WORK = nations.WORK.parent / "answers-work"


def one_slip(draw: random.Random, text: str) -> str:
    """The text with one slip in it, never the text itself."""
    while True:
        place = draw.randrange(len(text))
        if not text[place].isalnum():
            continue
        following = text[place + 1 : place + 2]
        if draw.random() < SWAPPED and following.isalnum() and following != text[place]:
            return text[:place] + following + text[place] + text[place + 2 :]
        others = string.digits if text[place].isdigit() else string.ascii_uppercase
        return text[:place] + draw.choice(others.replace(text[place], "")) + text[place + 1 :]


def measure(ask: Callable[[str], checks.CheckResponse], meant: list[str]) -> Counter[str]:
    """Slips asked: found somebody, or the one meant was first, among the first five, among the ten, or in none."""
    draw = random.Random(SEED)
    found: Counter[str] = Counter()
    for text in meant:
        response = ask(one_slip(draw, text))
        place = list(response.suggestions).index(text) if text in response.suggestions else -1
        if response.candidates or response.HasField("person") or response.HasField("vehicle"):
            found["somebody else's"] += 1
        elif place < 0:
            found["none"] += 1
        else:
            found["first" if place == 0 else "first five" if place < FIRST else "ten"] += 1
    return found


def run(persons: int, nation: Path | None) -> bool:
    """Prints the shares of CUIs and of plates; True when both meet the bar. `nation`: one made before."""
    if nation is None:
        nation = nations.prepare("answers", persons, SEED - 1, damage=0.02, work=_WORK).directory
    generation = nation / "data" / "generations" / (nation / "data" / "CURRENT").read_text(encoding="utf-8").strip()
    truth = next(path for path in (nation / "truth", nation / "nation" / "truth") if path.exists())
    engine = Engine(Generation.open(generation))
    grant, clock_ms = Grant.everything(), int(generation.stat().st_mtime * 1000)

    def ask(query: str) -> checks.CheckResponse:
        request = checks.CheckRequest(query=query).SerializeToString()
        return checks.CheckResponse.FromString(engine.answer(METHODS["Check"], request, grant, clock_ms))

    draw = random.Random(SEED)
    cuis = [str(p["cui"]) for p in pq.read_table(truth / "persons.parquet", columns=["cui"]).to_pylist()]
    vehicles = pq.read_table(truth / "vehicles.parquet", columns=["plate_type", "plate"]).to_pylist()
    plates = [f"{v['plate_type']}-{v['plate']}" for v in vehicles if v["plate_type"] and v["plate"]]
    met = True
    for kind, texts in (("CUI", cuis), ("plate", plates)):
        meant = draw.sample(texts, min(ASKED, len(texts)))
        found = measure(ask, meant)
        others = found["somebody else's"]
        lost = len(meant) - others
        shown = (found["first"] + found["first five"]) / lost
        print(
            f"{kind}: {len(meant):,} slips, {others} somebody else's; of the others the one meant is "
            f"first {found['first'] / lost:.1%}, among the first five {shown:.1%} (bar {BAR:.0%}), "
            f"among the ten {shown + found['ten'] / lost:.1%}"
        )
        met = met and shown >= BAR
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.suggestions", description=__doc__)
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--nation", type=Path, help="a nation made and indexed before: its truth/ and data/")
    options = parser.parse_args()
    sys.exit(0 if run(options.persons, options.nation) else 1)
