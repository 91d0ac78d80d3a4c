"""Hidden parts leave no trace: counts, levels, candidates, bytes (docs/answers.md sections 7 and 10)."""

from __future__ import annotations

from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2
from tests.kit.expectations import assert_expected
from tests.kit.nation_cases import CLEAR, FOUND
from tests.kit.nation_kit import BuiltNation

FULL = 2**64 - 1
WITHHELD = 4


def hiding(*sections: int, sensitivities: tuple[int, ...] = ()) -> Grant:
    """Everything but these sections, and nothing of these sensitivities."""
    mask = FULL & ~sum(1 << section for section in sections)
    return Grant({s: 0 if s in sensitivities else mask for s in range(1, 6)})


class Shower:
    """Asks the engine with a grant."""

    def __init__(self, nation: BuiltNation) -> None:
        self.nation = nation

    def raw(self, request: Any, grant: Grant) -> bytes:
        method = METHODS[type(request).__name__.removesuffix("Request")]
        return self.nation.engine.answer(method, request.SerializeToString(), grant, self.nation.as_of_ms)

    def person(self, who: str, grant: Grant, sections: tuple[int, ...] = ()) -> Any:
        request = checks.CheckPersonRequest(cui=self.nation.cast["persons"][who])
        request.context.sections.extend(sections)  # type: ignore[arg-type]
        return checks.CheckPersonResponse.FromString(self.raw(request, grant))

    def vehicle(self, which: str, grant: Grant) -> Any:
        request = checks.CheckVehicleRequest(plate=self.nation.cast["vehicles"][which]["plate"])
        return checks.CheckVehicleResponse.FromString(self.raw(request, grant))


@pytest.fixture
def show(small_nation: BuiltNation) -> Shower:
    return Shower(small_nation)


def test_hidden_warrants_withhold_their_registers(show: Shower) -> None:
    """A wanted person shows no hit and no clear: INCOMPLETE, and so does everybody else."""
    grant = hiding(section_pb2.SECTION_WARRANT)
    for who in ("wanted", "clean"):
        response = show.person(who, grant)
        assert_expected(response, FOUND | {"level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []})
        withheld = {r.register_id for r in response.answer.registers if r.state == WITHHELD}
        assert {"oj", "sapo", "mp"} <= withheld
        assert not response.person.warrants
        assert section_pb2.SECTION_WARRANT not in [t.section for t in response.person.totals]


def test_hidden_context_lowers_nothing(show: Shower) -> None:
    response = show.person("clean", hiding(section_pb2.SECTION_TAX, section_pb2.SECTION_BORDER_CROSSING))
    assert_expected(response, CLEAR)
    assert not response.person.tax_registrations


def test_hidden_sensitivities_lower_nothing(show: Shower) -> None:
    assert_expected(show.person("clean", hiding(sensitivities=(2, 3, 4, 5))), CLEAR)


def test_without_the_right_a_discreet_alert_is_clear(show: Shower) -> None:
    response = show.person("discreet", hiding(sensitivities=(2,)))
    assert_expected(response, CLEAR)
    assert not response.person.discreet_alerts


def test_a_minors_detention_is_hidden(show: Shower) -> None:
    response = show.person("minor", hiding(sensitivities=(3,)))
    assert_expected(response, CLEAR | {"totals": {"DETENTION": 0}})
    assert not response.person.detentions


def test_hidden_identity_is_unverified(show: Shower) -> None:
    """A caller who may not see who exists cannot learn that somebody is clear."""
    response = show.person("clean", hiding(section_pb2.SECTION_IDENTITY))
    assert_expected(
        response, {"level": "INCOMPLETE", "identity_status": "UNVERIFIED", "hits": [], "notes": ["UNVERIFIED"]}
    )
    assert not response.person.HasField("age")
    assert not response.person.identity_claims


def test_hidden_owners_give_no_hit_and_no_name(show: Shower) -> None:
    response = show.vehicle("wanted_owner", hiding(section_pb2.SECTION_OWNER))
    assert_expected(response, FOUND | {"hits": [], "owner_level": "UNSPECIFIED", "owners_shown": 0})


def test_a_protected_owners_address_is_left_out_whoever_asks(show: Shower) -> None:
    for grant in (Grant.everything(), hiding(sensitivities=(4,))):
        response = show.vehicle("protected_owner", grant)
        owner = response.vehicle.owners[0].person
        assert owner.identity_claims
        assert not owner.addresses
        assert section_pb2.SECTION_ADDRESS not in [t.section for t in owner.totals]


def test_named_sections_change_what_is_shown_and_no_level(show: Shower) -> None:
    whole = show.person("wanted", Grant.everything())
    cut = show.person("wanted", Grant.everything(), sections=(section_pb2.SECTION_TAX,))
    assert cut.answer.level == whole.answer.level
    assert len(cut.answer.hits) == len(whole.answer.hits)
    assert not cut.person.identity_claims
    totals = {t.section: (t.total, t.shown) for t in cut.person.totals}
    assert totals[section_pb2.SECTION_IDENTITY][0] > 0
    assert totals[section_pb2.SECTION_IDENTITY][1] == 0


def test_named_sections_never_widen_a_grant(show: Shower) -> None:
    section = section_pb2.SECTION_WARRANT
    response = show.person("wanted", hiding(section), sections=(section,))
    assert not response.person.warrants
