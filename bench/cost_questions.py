"""Answers questions with whichever tree of Ronda is first on the path, so many times: what callgrind counts.

Run by path, not as a module: `python -P bench/cost_questions.py GENERATION QUESTIONS.json KIND TIMES`, with another
commit's tree in PYTHONPATH. QUESTIONS.json: {kind: [request in hexadecimal, ...]}; a kind begins with the name of the
engine's method.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

try:
    from core.engine.entry import Engine, Grant, Method
    from core.generation.store import Generation
except ModuleNotFoundError:  # a tree of before the rooms
    from core.engine import Engine, Grant, Method  # type: ignore[no-redef, attr-defined]
    from core.generation import Generation  # type: ignore[no-redef, attr-defined]


def clock_of(generation: Path) -> int:
    """An hour after the newest as-of: the same registers are fresh in both trees, whenever this is run."""
    registers = json.loads((generation / "MANIFEST.json").read_text(encoding="utf-8"))["registers"]
    return max(int(register["as_of_ms"] or 0) for register in registers) + 3_600_000


def main() -> None:
    """Prints the bytes of all answers of one time, so that somebody has looked at them."""
    directory, questions, kind, times = sys.argv[1:]
    generation = Path(directory)
    requests = [bytes.fromhex(text) for text in json.loads(Path(questions).read_text(encoding="utf-8"))[kind]]
    engine = Engine(Generation.open(generation))
    method, clock_ms, size = kind.split(" ")[0], clock_of(generation), 0
    for _ in range(int(times)):
        if method == "CLEAR":
            clearance = engine.clearance(requests[0], Grant.everything(), clock_ms)
            size = sum(len(clearance.answer(batch, clock_ms)) for batch in requests)
        else:
            size, _ = engine.answer_many(Method[method], requests, Grant.everything(), clock_ms)
    print(size)


if __name__ == "__main__":
    main()
