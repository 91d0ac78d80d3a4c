"""Output of `ronda index`: the result of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.terminal.whole_table import WholeTable
from indexer.summary import as_of_text, control_characters, failure, held_of_feeds, register_json, rows_lost

if TYPE_CHECKING:
    from rich.console import RenderableType

    from indexer.summary import BuildSummary


def summary_parts(summary: BuildSummary) -> list[RenderableType]:
    """Tables and lines for people: registers, links and alerts, stages."""
    numbers = ("rows", "refused", "records", "s")
    registers = WholeTable(f"Generation {summary.generation_id}", "register", "state", "as of", *numbers, right=numbers)
    for register in summary.registers:
        row = register_json(register)
        state = (
            register.fate
            + (" (resumed)" if register.resumed else "")
            + (f": {register.reason}" if register.reason else "")
        )
        registers.add(
            register.register_id,
            state,
            as_of_text(row["as_of_ms"]),
            f"{row['rows_read']:,}",
            f"{row['rows_refused']:,}",
            f"{row['records']:,}",
            f"{row['seconds']:.1f}",
        )
    links = ", ".join(f"{criterion} {level} {count:,}" for criterion, level, count in summary.links)
    alerts = ", ".join(f"{kind} {count:,}" for kind, count in summary.alerts.items())
    stages = ", ".join(f"{stage.name} {stage.seconds:.1f} s" for stage in summary.stages)
    lines = [
        f"{summary.persons:,} persons, {summary.vehicles:,} vehicles and plates, {summary.records:,} records",
        f"links: {links or 'none'}",
        f"alert records: {alerts or 'none'}",
        f"{sum(summary.files.values()) / 1e6:,.1f} MB on disk, while building {summary.peak_disk_bytes / 1e6:,.0f} MB, "
        f"peak memory {summary.peak_memory_bytes / 1e6:,.0f} MB",
        f"{summary.seconds:.1f} s: {stages}",
    ]
    lines += [lost for lost in map(rows_lost, summary.registers) if lost]
    lines += [said for said in map(control_characters, summary.registers) if said]
    lines += [held for held in map(held_of_feeds, summary.registers) if held]
    lines += [failure(register) for register in summary.failed]
    if (folded := summary.folded) is not None:
        lines.append(f"fed changes taken in: {folded.changes:,}, up to entry {folded.sequence:,} of the ledger")
        if folded.refused:
            lines.append(
                f"fed changes that could not be read: {folded.refused:,}; their registers are STALE until they are "
                "sent again in a way that can be (ronda feed status counts them by rule)"
            )
    if summary.accepted_shrinks:
        lines.append(f"shrinks accepted by name: {', '.join(summary.accepted_shrinks)}")
    if summary.collected:
        lines.append(f"old generations removed: {', '.join(summary.collected)}")
    return [registers, *lines, *summary.notes]
