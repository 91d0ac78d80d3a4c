"""A note of progress that somebody altered: refused, never the end of a run with rows that were not asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clients.agency.checkpoint import Checkpoint, Progress
from clients.agency.failures import AgencyError

_ODD: tuple[Any, ...] = (None, -1, 0.5, [], {}, "x", True, [None])


def _run(*, done: bool) -> Checkpoint:
    progress = Progress("g", "r", 10, 2, [1, 1, 1], {"NO_RECORD": 1}, {"cui: x": 1}, 1, 0, done, [3, 4], False)
    return Checkpoint({"part": [1, 1]}, "2026-12-02T09:40:10+00:00", [progress], 1, "g" if done else "")


@pytest.mark.parametrize("done", [False, True])
def test_as_it_was_written_it_is_read(tmp_path: Path, done: bool) -> None:
    path = tmp_path / "x.avance.json"
    _run(done=done).save(path)
    assert Checkpoint.load(path) == _run(done=done)


@pytest.mark.parametrize("field", ["asked", "started", "passes", "resumed", "serving", "hashes"])
def test_a_field_of_another_kind_is_refused(tmp_path: Path, field: str) -> None:
    path, kinds = tmp_path / "x.avance.json", json.loads(_run(done=True).text())
    for odd in _ODD:
        if type(odd) is type(kinds[field]) and odd != [None]:
            continue
        path.write_text(json.dumps(kinds | {field: odd}))
        with pytest.raises(AgencyError):
            Checkpoint.load(path)


@pytest.mark.parametrize(
    "field", ["generation", "offset", "row", "lengths", "counts", "rules", "rows", "done", "changes"]
)
def test_a_field_of_a_pass_of_another_kind_is_refused(tmp_path: Path, field: str) -> None:
    path, kinds = tmp_path / "x.avance.json", json.loads(_run(done=True).text())
    for odd in _ODD:
        if type(odd) is type(kinds["passes"][0][field]) and odd not in (-1, [None]):
            continue
        path.write_text(json.dumps(kinds | {"passes": [kinds["passes"][0] | {field: odd}]}))
        with pytest.raises(AgencyError):
            Checkpoint.load(path)


@pytest.mark.parametrize("field", [{"serving": "g"}, {"hashes": ["a", "b", "c"]}, {"serving": "g", "passes": []}])
def test_no_run_is_over_before_its_last_row(tmp_path: Path, field: dict[str, Any]) -> None:
    path = tmp_path / "x.avance.json"
    path.write_text(json.dumps(json.loads(_run(done=False).text()) | field))
    with pytest.raises(AgencyError):
        Checkpoint.load(path)
