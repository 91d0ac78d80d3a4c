"""Measures how often the suggestions for a mistyped CUI or plate hold the right one: `python -m bench.suggestions`.

Persons and plates of a nation are drawn, and one slip of each kind is made in each text. Slips are one character typed
for another of its kind, two neighbours swapped, one lost, one typed twice; then `Check` is asked. A slip that equals
another subject's text finds that subject, and suggests nothing: these are counted apart. A plate's type may slip too.
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
from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks

ASKED = 2000
PERSONS = 1_000_000
BAR = 0.9  # of the slips of one kind that find nobody
SEED = 3102
_WORK = nations.WORK.parent / "answers-work"


def _changed(draw: random.Random, text: str, place: int) -> str:
    others = string.digits if text[place].isdigit() else string.ascii_uppercase
    return text[:place] + draw.choice(others.replace(text[place], "")) + text[place + 1 :]


def _swapped(_draw: random.Random, text: str, place: int) -> str:
    following = text[place + 1 : place + 2]
    return text[:place] + following + text[place] + text[place + 2 :] if following.isalnum() else text


def _lost(_draw: random.Random, text: str, place: int) -> str:
    return text[:place] + text[place + 1 :]


def _doubled(_draw: random.Random, text: str, place: int) -> str:
    return text[:place] + text[place] + text[place:]


SLIPS = {"changed": _changed, "swapped": _swapped, "lost": _lost, "doubled": _doubled}


def one_slip(draw: random.Random, text: str, slip: str) -> str:
    """The text with one slip of this kind in it, never the text itself."""
    slipped = text
    while slipped == text:
        place = draw.randrange(len(text))
        if text[place].isalnum():
            slipped = SLIPS[slip](draw, text, place)
    return slipped


def measure(ask: Callable[[str], checks.CheckResponse], meant: list[str], slip: str) -> Counter[str]:
    """Slips asked: found somebody, or the one meant was first, among the others suggested, or in none."""
    draw = random.Random(SEED)
    found: Counter[str] = Counter()
    for text in meant:
        response = ask(one_slip(draw, text, slip))
        place = list(response.suggestions).index(text) if text in response.suggestions else -1
        if response.candidates or response.HasField("person") or response.HasField("vehicle"):
            found["somebody else's"] += 1
        else:
            found["none" if place < 0 else "first" if place == 0 else "others"] += 1
        found["marked"] += 0 <= place < response.suggestions_on_file
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
        for slip in SLIPS:
            found = measure(ask, meant, slip)
            others = found["somebody else's"]
            lost = len(meant) - others
            shown = (found["first"] + found["others"]) / lost
            print(
                f"{kind}, {slip}: {len(meant):,} slips, {others} somebody else's; of the others the one meant is first "
                f"{found['first'] / lost:.1%}, suggested {shown:.1%} (bar {BAR:.0%}), "
                f"marked as on file {found['marked'] / lost:.1%}"
            )
            met = met and shown >= BAR
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.suggestions", description=__doc__)
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--nation", type=Path, help="a nation made and indexed before: its truth/ and data/")
    options = parser.parse_args()
    sys.exit(0 if run(options.persons, options.nation) else 1)
