"""Pictures: the reliability diagram, and recall against false alarms with our levels marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def _plot() -> Any:
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, needed once

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    return plt


def reliability(path: Path, calibration: dict[str, Any]) -> None:
    """Share of pairs that are the same person, by score; the size of a point is the number of pairs."""
    plt = _plot()
    figure, axes = plt.subplots(figsize=(7, 6.4))
    axes.plot([0, 1], [0, 1], color="black", linewidth=1, label="score = share")
    for name, figures in calibration.items():
        bins = figures["bins"]
        sizes = [20 + 12 * len(str(pairs)) for pairs, _, _ in bins]
        label = f"{name}: {figures['pairs']:,} pairs, error {figures['error']:.3f}"
        line = axes.plot([score for _, score, _ in bins], [same for _, _, same in bins], marker="", label=label)
        axes.scatter([score for _, score, _ in bins], [same for _, _, same in bins], s=sizes, color=line[0].get_color())
    axes.set_xlabel("score")
    axes.set_ylabel("share that is the same person (held-back half)")
    axes.set_title("Ronda: reliability of the score")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def headline(path: Path, figures: dict[str, Any]) -> None:
    """One curve a state of the birth date; crosses and circles are the levels POSSIBLE and HIT of CheckPerson."""
    plt = _plot()
    figure, axes = plt.subplots(figsize=(8.5, 6.4))
    least = 1e-4
    for state, curve in figures["curves"].items():
        line = axes.plot([max(least, alarm) for alarm in curve["alarms"]], curve["recalls"], label=state)
        for level, marker in (("POSSIBLE", "x"), ("HIT", "o")):
            point = figures["states"][state][f"level_{level}"]
            axes.scatter(
                [max(least, point["alarms"])], [point["recall"]], marker=marker, color=line[0].get_color(), zorder=3
            )
    for rate in (0.01, 0.001):
        axes.axvline(rate, color="grey", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlabel("share of strangers alerted (x POSSIBLE, o HIT by CheckPerson)")
    axes.set_ylabel("recall")
    axes.set_title("Ronda: recall against false alarms, alert list of 45,000")
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
