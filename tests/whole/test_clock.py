"""The clock test of docs/answers.md: what changes with time is computed when answering, without a rebuild."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, register_pb2
from tests.kit.expectations import assert_expected
from tests.kit.nation_cases import CLEAR, FOUND
from tests.kit.nation_kit import BuiltNation

GUATEMALA = datetime.timezone(datetime.timedelta(hours=-6))
AHEAD_MS = 15 * 60_000
STALE, FRESH = 2, 1


class Teller:
    """Asks the engine about a person of the cast at a moment."""

    def __init__(self, nation: BuiltNation) -> None:
        self.nation = nation

    def __call__(self, who: str, moment: datetime.datetime) -> Any:
        request = checks.CheckPersonRequest(cui=self.nation.cast["persons"][who])
        clock_ms = int(moment.timestamp() * 1000)
        content = self.nation.engine.answer(
            METHODS["CheckPerson"], request.SerializeToString(), Grant.everything(), clock_ms
        )
        return checks.CheckPersonResponse.FromString(content)


@pytest.fixture
def tell(small_nation: BuiltNation) -> Teller:
    return Teller(small_nation)


@pytest.fixture
def now(small_nation: BuiltNation) -> datetime.datetime:
    """A moment at which every register is fresh: the latest as-of."""
    return datetime.datetime.fromtimestamp(small_nation.as_of_ms / 1000, GUATEMALA)


def noon(date: Any) -> datetime.datetime:
    return datetime.datetime(date.year, date.month, date.day, 12, tzinfo=GUATEMALA)


def test_an_order_expires(tell: Teller, now: datetime.datetime) -> None:
    """A protection order is a HIT up to the end of its last day in Guatemala, and closed from midnight on."""
    hit = tell("aggressor", now).answer.hits[0]
    last = noon(hit.valid_to).replace(hour=23, minute=59, second=59)
    assert last > now, "the order is in force"
    until_the_end = tell("aggressor", last)
    assert [h.record for h in until_the_end.answer.hits] == [hit.record]
    after = tell("aggressor", last + datetime.timedelta(seconds=1))
    assert_expected(after, {"hits": [], "closed": [{"kind": "PROTECTION_ORDER", "notes": ["CLOSED_EXPIRED"]}]})
    assert after.person.closed_alerts[0].notes[0].text == f"vencida el {last:%d/%m/%Y}"
    assert after.answer.generation_id == until_the_end.answer.generation_id


def test_an_expired_order_was_once_in_force_and_not_before(tell: Teller, now: datetime.datetime) -> None:
    order = tell("aggressor_expired", now).person.closed_alerts[0]
    first = noon(order.valid_from)
    within = tell("aggressor_expired", first)
    assert_expected(within, {"level": "HIT", "hits": [{"kind": "PROTECTION_ORDER", "level": "HIT"}]})
    before = tell("aggressor_expired", first - datetime.timedelta(days=1))
    assert_expected(before, {"hits": [], "closed": [{"kind": "PROTECTION_ORDER", "notes": ["CLOSED_NOT_YET"]}]})


def test_clear_becomes_incomplete(tell: Teller, now: datetime.datetime, small_nation: BuiltNation) -> None:
    """It changes when the first register that is needed passes its limit, and not a millisecond before."""
    assert_expected(tell("clean", now), CLEAR)
    needed = [e for e in small_nation.manifest["registers"] if {"alert", "identity"} & set(e["roles"]["person"])]
    ends_ms = min(e["as_of_ms"] + e["stale_after_s"] * 1000 for e in needed)
    last = datetime.datetime.fromtimestamp(ends_ms / 1000, GUATEMALA)
    assert_expected(tell("clean", last), FOUND | {"level": "CLEAR"})
    later = tell("clean", last + datetime.timedelta(milliseconds=1))
    assert_expected(later, FOUND | {"level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []})
    wanted = tell("wanted", last + datetime.timedelta(days=30))
    assert_expected(wanted, FOUND | {"level": "HIT", "coverage": "INCOMPLETE"})
    assert wanted.answer.hits[0].source_state == STALE
    assert tell("wanted", now).answer.hits[0].source_state == FRESH


def test_a_clock_far_behind_every_as_of_makes_nothing_fresh(
    tell: Teller, now: datetime.datetime, small_nation: BuiltNation
) -> None:
    """Up to 15 minutes are two clocks that differ; more is a register in doubt, here each of them."""
    assert_expected(tell("clean", now), CLEAR)
    as_ofs = [each["as_of_ms"] for each in small_nation.manifest["registers"]]
    near = datetime.datetime.fromtimestamp((max(as_ofs) - AHEAD_MS) / 1000, GUATEMALA)
    assert_expected(tell("clean", near), CLEAR)
    before = datetime.datetime.fromtimestamp((min(as_ofs) - AHEAD_MS - 1) / 1000, GUATEMALA)
    for moment in (before, now - datetime.timedelta(days=1), now - datetime.timedelta(days=3650)):
        behind = tell("clean", moment)
        assert_expected(behind, FOUND | {"level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []})
        assert {register.state for register in behind.answer.registers} == {STALE}
    wanted = tell("wanted", before)
    assert_expected(wanted, FOUND | {"level": "HIT", "coverage": "INCOMPLETE"})
    assert wanted.answer.hits[0].source_state == STALE
    assert_expected(tell("clean", now), CLEAR)  # the states that were kept for the other moment are not used again


def test_a_context_register_ahead_changes_no_level(
    tell: Teller, now: datetime.datetime, small_nation: BuiltNation
) -> None:
    """Only registers of role alert or identity for the kind of subject make an answer INCOMPLETE."""
    found = tell("clean", now)
    roles = {each.register_id: set(each.roles) for each in found.answer.registers}
    as_ofs = {each["id"]: each["as_of_ms"] for each in small_nation.manifest["registers"]}
    needed = {register_pb2.REGISTER_ROLE_ALERT, register_pb2.REGISTER_ROLE_IDENTITY}
    context = [each for each, has in roles.items() if not has & needed]
    for moment_ms in sorted({as_ofs[each] - AHEAD_MS - 1 for each in as_ofs}):
        behind = tell("clean", datetime.datetime.fromtimestamp(moment_ms / 1000, GUATEMALA))
        doubted = {each.register_id for each in behind.answer.registers if each.state == STALE}
        assert doubted == {each for each in roles if as_ofs[each] - AHEAD_MS > moment_ms}
        assert (behind.answer.level == level_pb2.LEVEL_CLEAR) == (doubted <= set(context))


def test_age_turns_18(tell: Teller, now: datetime.datetime) -> None:
    """At midnight in Guatemala of the 18th birthday, not at midnight UTC."""
    born = tell("minor", now).person.identity_claims[0].birth_date
    birthday = noon(born).replace(year=born.year + 18, hour=0)
    before = tell("minor", birthday - datetime.timedelta(seconds=1))
    assert_expected(before, {"age": 17, "person_cautions": ["MINOR"]})
    assert_expected(tell("minor", birthday), {"age": 18, "person_cautions": []})
