"""Records that go past the rules are linked as the rules link it, in random histories."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from indexer.linking.names_kept import AskedIndex
from indexer.live import writer
from indexer.live.going_past import link_past
from indexer.live.joining import Linking, join
from indexer.live.record_key import places_of
from indexer.live.standing import Standing
from tests.indexer.small_registers import SmallRegisters
from tests.live.histories import history

_SAID = (
    "subject_id",
    "link_criterion",
    "link_level",
    "link_agrees",
    "link_disagrees",
    "owner_id",
    "sensitivity",
    "payload",
)


def _links(linked: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(places_of(linked), *(linked.column(name).to_pylist() for name in _SAID), strict=True))


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 8), marks=pytest.mark.long)])
def test_as_the_rules_link_it(seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bases: dict[str, SmallRegisters] = {}
    went = {"past": 0, "ruled": 0}

    def both_ways(
        standing: Standing,
        linking: Linking,
        changed: pa.Table,
        others: pa.Table,
        asked: AskedIndex,
        shared: Collection[bytes],
    ) -> tuple[np.ndarray[Any, Any], pa.Table]:
        marked, linked = link_past(standing, linking, changed, others, asked, shared)
        ruled = join(standing, changed, others, linking, asked)
        places = set(places_of(linked))
        assert _links(linked) == {each for each in _links(ruled.linked) if each[0] in places}
        assert not [place for place in places if ruled.counted.get(place)]
        went["past"] += int(marked.sum())
        went["ruled"] += int((~marked).sum())
        return marked, linked

    monkeypatch.setattr(writer, "link_past", both_ways)
    assert {seed: found for seed in seeds if (found := history(seed, tmp_path, bases))} == {}
    assert went["past"] > 3 * len(seeds)
    assert went["ruled"] > 15 * len(seeds)
