"""The machinery of ./run check-rules: a pattern that no longer fits is said, and only a failed assertion kills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.rules.mutations import Mutation, MutationError, load, problems
from tests.rules.run import judge
from tests.rules.scratch import Scratch

RULE = Mutation("linking", "most", "at most fifty", "limits.py", "MOST = 50", "MOST = 51", "test_limits.py::test_most")
TESTS = """
import pytest
from limits import MOST, half

def test_most():
    assert MOST == 50

def test_nothing():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_halves(n):
    assert half(2 * n) == n

def test_red():
    assert half(2) == 2
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    (tmp_path / "limits.py").write_text("MOST = 50\n\n\ndef half(n):\n    return n // 2\n")
    (tmp_path / "test_limits.py").write_text(TESTS)
    return Scratch(tmp_path, tmp_path)


def _judged(scratch: Scratch, mutation: Mutation) -> str:
    before = (scratch.tree / mutation.file).read_bytes()
    verdict, _ = judge(mutation, scratch.test([mutation.test])[mutation.test], scratch)
    assert (scratch.tree / mutation.file).read_bytes() == before
    return verdict


@pytest.mark.long
def test_verdicts(scratch: Scratch) -> None:
    assert _judged(scratch, RULE) == "killed"
    assert _judged(scratch, replace(RULE, test="test_limits.py::test_nothing")) == "survived"
    assert _judged(scratch, replace(RULE, test="test_limits.py::test_red")) == "unfit"
    assert _judged(scratch, replace(RULE, test="test_limits.py::test_absent")) == "unfit"
    assert _judged(scratch, replace(RULE, becomes="MOST = ")) == "broken"
    halves = replace(RULE, was="n // 2", becomes="n // 3", test="test_limits.py::test_halves")
    assert _judged(scratch, halves) == "killed"
    assert _judged(scratch, replace(halves, becomes="n // 0")) == "broken"


def test_a_pattern_that_does_not_fit_is_said(scratch: Scratch) -> None:
    assert problems([RULE], scratch.tree) == []
    for wrong in (
        replace(RULE, was="MOST = 49"),
        replace(RULE, was="n"),
        replace(RULE, file="absent.py"),
        replace(RULE, test="test_limits.py::test_absent"),
    ):
        assert len(problems([wrong], scratch.tree)) == 1
    with pytest.raises(MutationError, match="0 times"):
        replace(RULE, was="MOST = 49").mutated("MOST = 50")


def test_the_list_is_long_and_of_every_area() -> None:
    mutations = load()
    assert len(mutations) >= 60
    assert {m.area for m in mutations} >= {"engine", "linking", "clearance", "masks", "freshness"}
    assert problems(mutations) == [], "each fits the code as it stands"


def test_a_list_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    row = "\n".join(["[[mutation]]", *(f"{k} = {v!r}" for k, v in vars(RULE).items() if k != "area")])
    (tmp_path / "linking.toml").write_text(f"{row}\n{row}\n")
    with pytest.raises(MutationError, match="twice"):
        load(tmp_path)
    (tmp_path / "linking.toml").write_text(row.replace("MOST = 51", "MOST = 50"))
    with pytest.raises(MutationError, match="nothing"):
        load(tmp_path)


def test_a_pxd_touches_the_modules_that_cimport_it() -> None:
    root = Path(__file__).parent.parent.parent
    levels = replace(RULE, file="core/answer/levels.pxd")
    assert {"core.questions.person", "core.questions.vehicle"} <= set(levels.modules(root))
    bearing = replace(RULE, file="core/names/bearing.pxd")
    assert bearing.modules(root) == ["core.assembly.claims", "core.names.bearing"]
    assert replace(RULE, file="core/subject/alerts.pyx").modules(root) == ["core.subject.alerts"]
    assert replace(RULE, file="indexer/linking/stage.py").modules(root) == []
