"""Checks what bench-cost asks: questions of each kind that are answered, as often as it is asked to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench import cost, cost_questions
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from tests.kit.nation_kit import BuiltNation

SCRIPT = Path(cost_questions.__file__)


def test_every_kind_is_asked_with_the_same_clock_in_a_process_of_its_own(
    small_nation: BuiltNation, tmp_path: Path
) -> None:
    data = small_nation.data
    generation = data / "generations" / (data / "CURRENT").read_text(encoding="utf-8").strip()
    written = tmp_path / "questions.json"
    kinds = cost.write_questions(generation, written, count=20)
    assert kinds == [cost.BY_CUI, cost.BY_NAME, cost.BY_PLATE, cost.SEARCH, cost.CLEAR]
    engine = Engine(Generation.open(generation))
    clock_ms = cost_questions.clock_of(generation)
    for kind in kinds:
        requests = [bytes.fromhex(text) for text in json.loads(written.read_text(encoding="utf-8"))[kind]]
        assert len(requests) >= {cost.SEARCH: 2, cost.CLEAR: 1}.get(kind, 10)
        if kind == cost.CLEAR:
            clearance = engine.clearance(requests[0], Grant.everything(), clock_ms)
            whole = sum(len(clearance.answer(batch, clock_ms)) for batch in requests)
        else:
            method = Method[kind.split(" ")[0]]
            whole = sum(len(engine.answer(method, request, Grant.everything(), clock_ms)) for request in requests)
        command = [sys.executable, "-P", str(SCRIPT), str(generation), str(written), kind, "2"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert int(done.stdout) == whole
