"""Every case of docs/cases is answered as it demands: by engine and oracle, by both transports, among 20,000."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.statute.page import PAGE, page
from tests.statute.tables import rules, tables
from tests.statute.trying import Tried, placed, try_engine, try_server
from tests.statute.world import Words

TRIAL = Path(__file__).parent / "trial"
IN_TIME = {41, 42}  # rules about time, which tests of live changes hold


def wrong(tried: Iterable[Tried]) -> list[str]:
    """Those that were answered otherwise."""
    found, asked = [], 0
    for each in tried:
        asked += 1
        if each.told != each.demanded:
            found.append(f"{each.name} ({each.says}) {each.asked}: {each.told}, not {each.demanded}")
    assert asked > 250
    return found


def test_engine_and_oracle(tmp_path: Path) -> None:
    assert wrong(try_engine(tmp_path, placed(tables()))) == []


def test_both_transports(tmp_path: Path) -> None:
    assert wrong(try_server(tmp_path, placed(tables()))) == []


def test_what_outsiders_demanded(tmp_path: Path) -> None:
    """Two defenders and two victims' advocates wrote these from the statute alone, before they saw an answer."""
    assert wrong(try_engine(tmp_path, placed(tables(TRIAL)))) == []


@pytest.mark.slow
def test_among_twenty_thousand(tmp_path: Path) -> None:
    """No outcome rests on how few there are."""
    assert wrong(try_server(tmp_path, placed(tables()), among=20_000)) == []


def test_no_two_persons_have_one_number() -> None:
    """However many a case has: with one number of two, strangers would change who is meant."""
    crowds = [Words(place) for place in range(1, 40)]
    given = [crowd.told(f"@p{at}") for crowd in crowds for at in range(60)]
    assert len(set(given)) == len(given)


def test_every_rule_has_cases_for_both_sides() -> None:
    of = {table.rule: table.case for table in tables().values()}
    assert set(of) == set(rules()) - IN_TIME
    assert sorted(rules()) == list(range(1, len(rules()) + 1))
    few = {
        rule: sum(case.side == side for case in cases) for rule, cases in of.items() for side in ("defence", "victim")
    }
    assert min(few.values()) >= 2


def test_the_page_shows_them() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.statute.page writes docs/cases.md"
