"""Calling a change: the score's values, how often chance is taken for one, and the nation's change point."""

from __future__ import annotations

import datetime
import json
import math

import numpy as np
import pandas as pd
import pytest

from ronda.v1.statistics_service_pb2 import ChangeState
from server.statistics import changes
from tests.kit.incident_nation import IncidentNation
from tests.statistics import oracle


@pytest.mark.parametrize(
    ("now", "before", "state"),
    [
        (100, 100, ChangeState.CHANGE_STATE_NONE),
        (150, 100, ChangeState.CHANGE_STATE_RISE),
        (140, 100, ChangeState.CHANGE_STATE_NONE),
        (60, 100, ChangeState.CHANGE_STATE_FALL),
        (70, 100, ChangeState.CHANGE_STATE_NONE),
        (10, 5, ChangeState.CHANGE_STATE_NONE),  # twice as many, and no reason to say so
        (0, 0, ChangeState.CHANGE_STATE_NONE),
    ],
)
def test_a_change_is_called_beyond_three(now: int, before: int, state: ChangeState) -> None:
    z = changes.score(now, before)
    plain = 2 * (math.sqrt(now) - math.sqrt(before))
    assert z == pytest.approx(plain / math.sqrt(2 + 8 / max((now + before) / 2, 1)))
    assert changes.state_of(z) == state


def test_how_often_chance_is_called_a_change_is_what_the_page_says() -> None:
    rng = np.random.default_rng(1)
    for mean in (12, 20, 100, 1000):
        counts = rng.poisson(mean, (200_000, 2))
        shown = counts - counts % 5 + 5 * (rng.random(counts.shape) < counts % 5 / 5)
        pairs, often = np.unique(shown[(shown >= 10).all(axis=1)], axis=0, return_counts=True)
        called = sum(
            int(times)
            for (now, before), times in zip(pairs.tolist(), often.tolist(), strict=True)
            if changes.state_of(changes.score(now, before)) != ChangeState.CHANGE_STATE_NONE
        )
        assert called / 200_000 < 0.005


def test_a_change_point_is_found_and_chance_seldom_taken_for_one() -> None:
    rng = np.random.default_rng(2)
    steady = [changes.change_point(rng.poisson(20, 60).tolist()) for _ in range(300)]
    assert sum(found is not None for found in steady) <= 15
    for _ in range(30):
        series = [*rng.poisson(20, 40), *rng.poisson(30, 20)]
        found = changes.change_point([int(n) for n in series])
        assert found is not None
        assert abs(found.place - 40) <= 6
        assert 1.2 < found.after / found.before < 1.9


@pytest.mark.slow
def test_the_change_point_of_the_nation_is_found(incident_nation: IncidentNation) -> None:
    truth = json.loads((incident_nation.directory / "truth" / "incidents.json").read_text(encoding="utf-8"))
    point = truth["change_point"]
    facts = oracle.facts(incident_nation.data, incident_nation.mart, "pnc_hechos")
    chosen = facts[(facts["iccs"] == "02051") & (facts["department"] == point["department"]) & facts["principal"]]
    chosen = chosen[chosen["until"] == datetime.date.max.toordinal()]
    months = chosen.groupby(chosen["day"].dt.to_period("M")).size()
    months = months[months.index < pd.Period("2025-10")]
    found = changes.change_point([int(n) for n in months])
    assert found is not None
    told = pd.Period(point["day"][:7])
    assert abs((months.index[found.place] - told).n) <= 1
    assert 1.6 < found.after / found.before < 2.4
