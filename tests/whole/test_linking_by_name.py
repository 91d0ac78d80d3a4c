"""Records without an identifier: who they are linked to, at which level and why, as the oracle links them."""

from __future__ import annotations

import difflib

import pyarrow.parquet as pq
import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.kit.comparison import ask
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Question

FULL = dict.fromkeys(range(1, 6), 2**64 - 1)
NAMES = level_pb2.CRITERION_NAMES


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_links_by_name_are_the_oracles(large_nation: BuiltNation) -> None:
    """Every person reached by a record without identifier, and everybody who is only counted, is checked by CUI."""
    oracle = large_nation.oracle
    persons = [
        s
        for s in oracle.subjects
        if s.has_cui and (s.name_only_alerts or any(link.criterion == NAMES for link in s.links))
    ]
    assert len(persons) > 100
    differing = []
    for subject in persons:
        question = Question("CheckPerson", checks.CheckPersonRequest(cui=subject.key.removeprefix("cui:")))
        both = ask(large_nation.engine, oracle, question, FULL, large_nation.as_of_ms)
        if not both.equal:
            lines = difflib.unified_diff(both.oracle.splitlines(), both.engine.splitlines(), "oracle", "engine", n=1)
            differing.append(f"{subject.key}\n" + "\n".join(list(lines)[:30]))
    assert not differing, f"{len(differing)} of {len(persons)} differ\n" + "\n\n".join(differing[:3])


def test_each_link_by_name_is_stored_with_its_reason(large_nation: BuiltNation) -> None:
    """links.parquet holds exactly the links by name, with what agrees and disagrees, a score and the rule's version."""
    rows = pq.read_table(large_nation.generation_directory / "links.parquet").to_pylist()
    stored = {
        (r["register"], r["record_id"], r["version"], r["row"], r["identifier"]): (
            r["level"],
            list(r["agrees"]),
            list(r["disagrees"]),
        )
        for r in rows
    }
    expected = {
        (k.record.register_id, k.record.record_id, k.record.version, k.record.row, s.key): (
            k.level,
            k.agrees,
            k.disagrees,
        )
        for s in large_nation.oracle.subjects
        for k in s.links
        if k.criterion == NAMES
    }
    assert stored == expected
    assert {r["level"] for r in rows} == {level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT}
    assert all(r["people"] >= 1 and r["rule"] == "names-21" for r in rows)
    assert all(0 <= r["score"] <= 1 for r in rows if r["score"] is not None)
    other_numbers, both_parents = [NAMES, level_pb2.CRITERION_BIRTH_DATE], [NAMES, level_pb2.CRITERION_PARENTS]
    assert all(list(r["agrees"])[:2] in (other_numbers, both_parents) for r in rows if r["score"] is None)
    mistyped = [r for r in rows if level_pb2.CRITERION_CUI in r["disagrees"]]
    assert mistyped
    assert {r["level"] for r in mistyped} == {level_pb2.LEVEL_POSSIBLE}
    surely = [r for r in rows if r["level"] == level_pb2.LEVEL_HIT]
    assert all(
        NAMES in r["agrees"] and {level_pb2.CRITERION_PARENTS, level_pb2.CRITERION_BIRTH_DATE} & set(r["agrees"])
        for r in surely
    )
