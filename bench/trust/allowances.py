"""The example's allowances for a bench, which asks more than any patrol."""

from __future__ import annotations

from pathlib import Path

# Without an end: allowances are counted as ever, and refuse nobody.
_ALLOWANCES = """
[patrol]
officer = { count = 1000000000, seconds = 60, burst = 1000000000 }
officer_day = { count = 1000000000, seconds = 86400, burst = 1000000000 }
device = { count = 1000000000, seconds = 60, burst = 1000000000 }
neighbours = { count = 1000000000, seconds = 600, burst = 1000000000 }
repeats = { count = 1000000000, seconds = 86400, burst = 1000000000 }
misses = { count = 1000000000, seconds = 86400, burst = 1000000000 }
subjects = { count = 1000000000, seconds = 3600, burst = 1000000000 }
refuse = []
"""


def patrols_without_end(trust: Path) -> None:
    """Gives the patrols of a trust directory's limits.toml allowances without an end; the others keep theirs."""
    _without_end(trust / "limits.toml", "patrol")


def gateways_without_end(trust: Path) -> None:
    """The same for what gateways ask on officers' behalf."""
    _without_end(trust / "limits.toml", "gateway")


def _without_end(path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    head, _, tail = text.partition(f"[{name}]")
    _, separator, others = tail.partition("\n[")
    path.write_text(
        _ALLOWANCES.replace("patrol", name) + head + (separator + others if separator else ""), encoding="utf-8"
    )
