"""Whatever odd rows are fed, in whatever portions, the view answers as a base that was built with them in it."""

from __future__ import annotations

import pytest

from tests.live.fed_world import FedWorld, differences
from tests.live.odd_changes import OddChanges, by_identifier


@pytest.mark.parametrize("seed", range(8))
def test_odd_rows_are_answered_as_a_rebuild_answers_them(fed: FedWorld, seed: int) -> None:
    fed.writer.publish()
    OddChanges(seed).feed(fed)
    assert differences(fed, by_identifier(fed.world)) == []


def test_none_and_two_thousand_changes_in_one_tick(fed: FedWorld) -> None:
    """The statements were planned over a few rows, and are asked of none and of many."""
    fed.writer.publish()
    OddChanges(1).feed(fed)
    fed.take()
    who = {"NOMBRE": "MARTA ELENA GARCIA LOPEZ", "NACIMIENTO": "", "FECHA": "2024-02-03", "DELITO": ""}
    many = [fed.upsert("oj", ORDEN=f"Z{n}", CUI="", ESTADO="PENDIENTE", **who) for n in range(1000)]
    many += [
        fed.upsert("mp", ID=f"Z{n}", TIPO="ROBO", PLACA=f"P-{n % 900 + 100}BCD", ESTADO="PENDIENTE")
        for n in range(1000)
    ]
    assert fed.take(*many).refused == []
    assert differences(fed, by_identifier(fed.world)) == []
    fed.take(*(fed.cancel("oj", f"Z{n}") for n in range(1000)))
    assert differences(fed, [asked for asked in by_identifier(fed.world) if hasattr(asked, "cui")]) == []
