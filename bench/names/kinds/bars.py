"""The bars of the kinds of noise: each against the best peer of the same run, or a goal of its own."""

from __future__ import annotations

from typing import Any

from bench.bars import Bar
from bench.names.kinds import figures
from bench.names.kinds.peers import PEERS

_NEAR = 0.01  # not behind the best peer by more
_MANY_MISSES = 0.10  # where the best peer misses more, a quarter of its misses is to be cut
_CUT = 0.75
_DATED_FIRST = 0.99
_OWN_ALERTS, _STRANGERS_ALERTED = 0.95, 0.001
_RELATIVES = 0.10
_OFF = 0.10
# With the date a namesake of the whole name is another person; by name alone nobody can tell.
_BY_NAME = ("sibling", "twin", "cousin", "partly namesake")


def _best(of_kind: dict[str, Any], key: str, *, dated: bool = False) -> tuple[float | None, dict[str, float | None]]:
    """The best peer's figure, and each peer's."""
    suffix = " dated" if dated else ""
    beside = {peer: of_kind.get(f"{peer}{suffix}", {}).get(key) for peer in PEERS}
    return max((value for value in beside.values() if value is not None), default=None), beside


def _row(bar: Bar, value: float | None, beside: dict[str, float | None] | None = None) -> dict[str, Any]:
    rounded = {peer: None if found is None else round(found, 4) for peer, found in (beside or {}).items()}
    return bar.measured(value) | ({"peers": rounded} if beside else {})


def _of_names(kind: str, of_kind: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for key in ("r@5", "r@20"):
        best, beside = _best(of_kind, key)
        if best is not None:
            bar = Bar(f"{kind}: names only, {key}", round(best - _NEAR, 4), "share", at_most=False)
            rows.append(_row(bar, of_kind["ronda"][key], beside))
    for rate in figures.RATES:
        key = f"at {rate:.1%}"
        best, beside = _best(of_kind, key)
        ours = of_kind["ronda"][key]
        if best is not None:
            missed = 1 - best
            goal = missed * _CUT if missed > _MANY_MISSES else missed + _NEAR
            bar = Bar(f"{kind}: names only, missed {key} of strangers", round(goal, 4), "share")
            misses = {peer: None if value is None else 1 - value for peer, value in beside.items()}
            rows.append(_row(bar, None if ours is None else 1 - ours, misses))
    return rows


def _of_dates(kind: str, of_kind: dict[str, Any]) -> list[dict[str, Any]]:
    ours = of_kind["ronda dated"]
    best, beside = _best(of_kind, "r@1", dated=True)
    first = _DATED_FIRST if kind != "pet" or best is None else min(_DATED_FIRST, best)
    return [
        _row(Bar(f"{kind}: with birth date, r@1", round(first, 4), "share", at_most=False), ours["r@1"], beside),
        _row(Bar(f"{kind}: with birth date, own alerts", _OWN_ALERTS, "share", at_most=False), ours["own alerts"]),
        _row(
            Bar(f"{kind}: with birth date, strangers alerted", _STRANGERS_ALERTED, "share"), ours["strangers alerted"]
        ),
    ]


def rows(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Rows as bench.bars has them, those against peers with `peers` beside; None = the step failed."""
    if found is None:
        return [Bar("kinds of noise", 0, "", at_most=False).measured(None)]
    made = []
    for kind, of_kind in found["kinds"].items():
        made += _of_names(kind, of_kind) + _of_dates(kind, of_kind)
    for relation, shares in found["relatives"].items():
        if relation in _BY_NAME:
            bar = Bar(f"{relation}: POSSIBLE by name alone", _RELATIVES, "share")
            made.append(bar.measured(shares["possible by name, of the relative"]))
    for relation, shares in (found.get("levels") or {}).get("relatives", {}).items():
        made.append(Bar(f"{relation}: HIT with their own birth date", 0, "share").measured(shares["HIT dated"]))
    stated = str(figures.BASE_RATES[0])
    for title, by_rate in found["calibration"].items():
        bar = Bar(f"calibration, {title}: worst band, {stated} of those asked are listed", _OFF, "share")
        made.append(bar.measured(figures.worst_band(by_rate[stated])))
    return made
