"""The report that goes with a change request: Markdown or HTML, and the same as JSON. It names no question."""

from __future__ import annotations

import datetime
import html
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ronda.objectives.verdict import Figure, Verdict

SUFFIXES = (".md", ".html")
_HEADINGS = ("objective", "asked", "figure", "limit", "measured", "met")
_STYLE = "body{font-family:sans-serif}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #999}"


@dataclass(frozen=True)
class Circumstances:
    """The measured server, the measuring identity and the time. at: UTC."""

    server: str
    encrypted: bool
    targets: Path
    at: datetime.datetime


def _number(figure: Figure, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if figure.name == "failures" else f"{value:,.2f} ms"


def table_rows(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    """A row a figure, in the order of `_HEADINGS`."""
    return [
        (
            verdict.target.name,
            f"{verdict.target.method}, {verdict.target.count:,} at {verdict.target.rate:g}/s",
            figure.name.removesuffix("_ms"),
            _number(figure, figure.limit),
            _number(figure, figure.value),
            "yes" if figure.met else "NO",
        )
        for verdict in verdicts
        for figure in verdict.figures
    ]


def headings() -> tuple[str, ...]:
    """Returns the headings of `table_rows`."""
    return _HEADINGS


def _facts(of: Circumstances, verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    generations = sorted({name for verdict in verdicts for name in verdict.asked.generations})
    failures: dict[str, int] = {}
    for verdict in verdicts:
        for status, count in verdict.asked.failures.items():
            failures[status] = failures.get(status, 0) + count
    return [
        ("verdict", "all objectives are met" if all(v.met for v in verdicts) else "NOT all objectives are met"),
        ("server", f"{of.server} ({'TLS, client certificate' if of.encrypted else 'plaintext, development mode'})"),
        ("measured at (UTC)", f"{of.at:%Y-%m-%d %H:%M:%S}"),
        ("measured from", f"ronda {version('ronda')}, Python {platform.python_version()}, {platform.machine()}"),
        ("objectives", of.targets.name),
        ("generations that answered", ", ".join(generations) or "-"),
        ("failures by status", ", ".join(f"{status} {count}" for status, count in sorted(failures.items())) or "none"),
        (
            "sent late at most",
            f"{max((v.asked.longest_wait_ms for v in verdicts), default=0.0):,.1f} ms (counted as latency)",
        ),
    ]


def to_markdown(of: Circumstances, verdicts: Sequence[Verdict]) -> str:
    """Returns the report for a merge request or a wiki."""
    lines = ["# Ronda: latency objectives", ""]
    lines += [f"- {name}: {_piped(text)}" for name, text in _facts(of, verdicts)]
    lines += ["", f"| {' | '.join(_HEADINGS)} |", "|---" * len(_HEADINGS) + "|"]
    lines += [f"| {' | '.join(map(_piped, row))} |" for row in table_rows(verdicts)]
    return "\n".join(lines) + "\n"


def to_html(of: Circumstances, verdicts: Sequence[Verdict]) -> str:
    """One page that needs nothing else."""
    facts = "".join(f"<li>{html.escape(name)}: {html.escape(text)}</li>" for name, text in _facts(of, verdicts))
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table_rows(verdicts)
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Ronda: latency objectives</title>'
        f"<style>{_STYLE}</style></head><body><h1>Ronda: latency objectives</h1><ul>{facts}</ul>"
        f"<table><tr>{head}</tr>{body}</table></body></html>\n"
    )


def to_json(of: Circumstances, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The same for a program."""
    return {
        "met": all(verdict.met for verdict in verdicts),
        "server": of.server,
        "encrypted": of.encrypted,
        "measured_at": of.at.isoformat(),
        "targets": [
            {
                "name": verdict.target.name,
                "method": verdict.target.method,
                "met": verdict.met,
                "asked": verdict.target.count,
                "answered": len(verdict.asked.milliseconds),
                "seconds": round(verdict.asked.seconds, 3),
                "failures": dict(verdict.asked.failures),
                "generations": sorted(verdict.asked.generations),
                "longest_wait_ms": round(verdict.asked.longest_wait_ms, 3),
                "figures": [
                    {"figure": figure.name, "limit": figure.limit, "value": figure.value, "met": figure.met}
                    for figure in verdict.figures
                ],
            }
            for verdict in verdicts
        ],
    }


def write_report(path: Path, of: Circumstances, verdicts: Sequence[Verdict]) -> None:
    """Writes the report by the path's suffix, one of SUFFIXES. Raises OSError."""
    text = to_html(of, verdicts) if path.suffix == ".html" else to_markdown(of, verdicts)
    path.write_text(text, encoding="utf-8")


def _piped(text: str) -> str:
    """Returns a text safe for a cell or a line of Markdown: a name may hold characters that would end it."""
    return " ".join(text.replace("|", "\\|").split())
