"""Output of `ronda audit`: a table for people, JSON for machines, the questions opened on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from ronda.commands.audit_words import OUTCOMES, PURPOSES
from ronda.commands.exit_status import ExitStatus
from ronda.commands.method_words import METHODS
from ronda.commands.moments import GUATEMALA, ZONE, when
from ronda.commands.office_words import who_text
from ronda.commands.output import print_json, print_renderables, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.audit.reading import AuditReader, AuditRecord, Lost
    from server.audit.segments import AlteredRecord


_LOST_SHOWN = 5


def tell_lost(lost: Lost) -> None:
    """Says on standard error that what was shown may lack records, and ends with a status of its own; none: nothing."""
    segments, given_up, altered = lost
    for each in given_up:
        since = when(each.kept_ms) if each.kept else "su comienzo"
        say(
            f"INCOMPLETO: la auditoría se repuso de una copia; faltan consultas de {since} a {when(each.lost_ms)}.",
            err=True,
            bold=True,
        )
    if segments:
        shown = ", ".join(map(str, segments[:_LOST_SHOWN])) + (" y otros" if len(segments) > _LOST_SHOWN else "")
        say(
            f"INCOMPLETO: faltan {len(segments)} segmentos sellados de la bitácora ({shown}), y con ellos sus "
            "consultas. Ejecute `ronda audit verify`.",
            err=True,
            bold=True,
        )
    _say_altered(altered)
    if segments or given_up or altered:
        raise typer.Exit(ExitStatus.STOPPED)


def tell_altered(altered: Sequence[AlteredRecord]) -> None:
    """Says on standard error which records are not as they were written, and ends with a status of its own."""
    _say_altered(altered)
    if altered:
        raise typer.Exit(ExitStatus.STOPPED)


def _say_altered(altered: Sequence[AlteredRecord]) -> None:
    if altered:
        shown = ", ".join(map(str, altered[:_LOST_SHOWN])) + (" y otros" if len(altered) > _LOST_SHOWN else "")
        say(
            f"ALTERADOS: {len(altered)} registros de la bitácora ya no son lo que se escribió ({shown}); no se usan, y "
            "lo que remite a ellos queda sin su dato. `ronda audit verify` dice todo lo que se alteró.",
            err=True,
            bold=True,
        )


def _question(reader: AuditReader, record: AuditRecord) -> Any:
    from server.audit.described import SealBroken, asked

    try:
        return asked(reader, record)
    except SealBroken:
        return "EL SELLO NO CORRESPONDE"


def _as_dict(reader: AuditReader, record: AuditRecord, how: str, questions: bool) -> dict[str, Any]:
    from server.audit.described import described

    found = described(record, GUATEMALA)
    if questions:
        found["question"] = _question(reader, record)
    return found | ({"how": how} if how else {})


def show_records(
    reader: AuditReader, rows: list[tuple[AuditRecord, str]], title: str, as_json: bool, questions: bool
) -> None:
    from clients.terminal.whole_table import WholeTable
    from server.audit.described import code_names
    from server.audit.misuse import who_is

    if as_json:
        print_json([_as_dict(reader, record, how, questions) for record, how in rows])
        return
    headings = [f"hora ({ZONE})", "quién", "unidad", "propósito", "caso", "consulta", "resultado", "cómo", "registro"]
    table = WholeTable(f"{title}: {len(rows)}", *headings, *(["pregunta"] if questions else []))
    for record, how in rows:
        names = code_names(record)
        cells = [
            when(record.time_ms),
            who_text(record.identity, who_is(record.identity)),
            str(record.identity.get("unit", "")),
            PURPOSES.get(names["purpose"], names["purpose"]),
            record.case_number,
            METHODS.get(names["method"], names["method"]),
            OUTCOMES.get(names["status"], names["status"]) + (f" ({n} más)" if (n := record.stands_for) > 1 else ""),
            how,
            f"{record.segment}/{record.place}",
        ]
        if questions:
            cells.append(json.dumps(_question(reader, record), ensure_ascii=False))
        table.add(*cells)
    print_renderables(table)
