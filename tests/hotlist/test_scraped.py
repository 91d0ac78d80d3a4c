"""Checks what a scrape tells of hot lists: their age and entries, and that one cannot be made."""

from __future__ import annotations

from pathlib import Path

from tests.kit.field_world import FieldServer, field_server
from tests.server.running_server import until
from tests.server.test_observed import samples_of


def _of_hot_lists(field: FieldServer) -> dict[str, float]:
    """By name; those of a mask are of the only one."""
    samples = samples_of(field.server.metrics())
    return {
        " ".join((name.removeprefix("ronda_hotlist_"), *set(labels).intersection(("make", "follow")))): value
        for (name, *labels), value in samples.items()
        if name.startswith("ronda_hotlist_")
    }


def test_lists_are_told_by_age_and_entries_and_one_that_fails(tmp_path: Path) -> None:
    with field_server(tmp_path, hotlist_valid_s=7200) as field:
        assert _of_hot_lists(field) == {}, "nobody asked for a list"
        _, _, header = field.patrol().snapshot()
        until(lambda: _of_hot_lists(field).get("entries") == header.entries)
        told = _of_hot_lists(field)
        assert told["age_seconds"] < 60 and told["looked_age_seconds"] < 60
        assert (told["valid_seconds"], told["failing"], told["due"], told["left_out"]) == (7200, 0, 0, 0)
        assert (told["failures_total make"], told["failures_total follow"]) == (0, 0), "before the first failure"

        (made,) = (field.data / "hotlists").glob("*.list")
        made.unlink()
        made.mkdir()  # no list can take its place
        until(lambda: _of_hot_lists(field)["failing"] == 1)
        assert _of_hot_lists(field)["failures_total make"] >= 1
        made.rmdir()
        until(lambda: _of_hot_lists(field)["failing"] == 0, 60)
