"""The end of a run: files get their names, changed rows are listed, the summary gets hashes and signature."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.agency.checkpoint import Checkpoint, sha256_of
from clients.agency.encoding import UTF_8, UTF_8_MARKED
from clients.agency.engine import Engine
from clients.agency.failures import AgencyError
from clients.agency.formats import ROW_NUMBER, deliver
from clients.agency.outputs import Names
from clients.agency.passing import Part
from clients.agency.source import STDIN, Source

_CHANGES_HEADING = (ROW_NUMBER, "antes", "ahora")
_TOLD_CHANGES = 1_000  # in the summary; all of them stand in their file


@dataclass(frozen=True)
class Changed:
    """Rows that came out otherwise under a newer generation; the first of them as {fila, antes, ahora}."""

    rows: int
    first: list[dict[str, str]]


def compare(names: Names, passes: int, *, marked: bool) -> Changed:
    """Writes the rows with different lines in the first pass and the last; a row is one line in both.

    marked: the file begins with the mark of UTF-8.
    """
    if passes == 1:
        names.changes.unlink(missing_ok=True)
        return Changed(0, [])
    first, last = names.partial(1)[0], names.partial(passes)[0]
    if not first.exists() or not last.exists():  # handed over already, before a kill: the file of changes stands
        return _read_changes(names.changes)
    aside = names.beside(f"cambios-{passes}.tmp")
    encoding = UTF_8_MARKED if marked else UTF_8
    found: list[dict[str, str]] = []
    rows = 0
    with first.open("rb") as old, last.open("rb") as new, aside.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_CHANGES_HEADING)
        for before, after in zip(old, new, strict=True):
            if before != after:
                was, now = (next(csv.reader([line.decode()])) for line in (before, after))
                row = {"fila": was[0], "antes": " ".join(was[-2:]).strip(), "ahora": " ".join(now[-2:]).strip()}
                writer.writerow(row.values())
                rows += 1
                if len(found) < _TOLD_CHANGES:
                    found.append(row)
    deliver(aside, names.changes, _CHANGES_HEADING, headed=True)
    return Changed(rows, found)


def _read_changes(path: Path) -> Changed:
    if not path.exists():
        return Changed(0, [])
    with path.open(encoding=UTF_8_MARKED, newline="") as file:
        rows = list(csv.DictReader(file, restval=""))
    return Changed(len(rows), rows[:_TOLD_CHANGES])


def hand_over(names: Names, passes: int, hashes: list[str], headings: Sequence[Sequence[str]], *, headed: bool) -> None:
    """Gives the last pass's files their names, in the formats that their endings ask for.

    headings: columns of each; headed: whether the files begin with them, as those of the first part do.
    One that is not there was handed over before a kill, or else it is lost: its hash tells. Raises AgencyError.
    """
    for partial, path, digest, heading in zip(names.partial(passes), names.finished, hashes, headings, strict=True):
        if not partial.exists():
            if not path.exists() or sha256_of(path) != digest:
                raise AgencyError(f"Falta {partial.name}: empiece de nuevo con --restart.")
        else:
            deliver(partial, path, heading, headed=headed)


def write_summary(
    names: Names,
    checkpoint: Checkpoint,
    *,
    source: Source,
    columns: dict[str, str],
    part: Part,
    standard: tuple[int, str],
    engine: Engine,
    changed: Changed,
    key: Path | None,
    ended: str,
) -> dict[str, Any]:
    """Writes summary, signature and receipt; the summary. Raises AgencyError, OSError."""
    # Slow to import, for who gets as far.
    from clients.agency.receipt import write_receipt  # noqa: PLC0415
    from clients.agency.signing import sign, who  # noqa: PLC0415

    last = checkpoint.passes[-1]
    given = source.path if source.own and source.given == STDIN else Path(source.given)
    summary: dict[str, Any] = {
        "norma": standard[1],
        "muestra": last.sample,
        "entrada": {
            "archivo": "entrada estándar" if source.given == STDIN else given.name,
            "sha256": (checkpoint.asked["given"] or checkpoint.asked["input"])["sha256"],
            "bytes": given.stat().st_size,
            "codificacion": source.encoding,
            "columnas": columns,
            "encabezado": source.heading,
            "hoja": source.sheet,
            "parte": f"{part.number}/{part.of}",
        },
        "filas": last.rows,
        "filas_en_blanco": last.blank,
        "resultados": dict(sorted(last.counts.items())),
        "reglas": dict(sorted(last.rules.items())),
        "generacion": last.generation,
        "generaciones": [each.generation for each in checkpoint.passes],
        "generacion_al_terminar": checkpoint.serving,
        "cambios_en_vivo": dict(zip(("desde", "hasta"), last.changes, strict=False)) if any(last.changes) else None,
        "cambiadas": {"filas": changed.rows, "primeras": changed.first},
        "salidas": _hashed(names, checkpoint.hashes),
        "servidor": engine.target,
        "quien": who(engine),
        "inicio": checkpoint.started,
        "fin": ended,
        "reanudada": checkpoint.resumed,
        **engine.told(),
    }
    text = json.dumps(summary, ensure_ascii=False, indent=2).encode()
    names.summary.write_bytes(text + b"\n")
    signature = sign(names, text + b"\n", key)
    write_receipt(names.receipt, summary, hashlib.sha256(text + b"\n").hexdigest(), signature)
    return {**summary, "firma": signature}


def _hashed(names: Names, hashes: list[str]) -> list[dict[str, str]]:
    """The files that were written; a CSV's hash is known since it was handed over."""
    told = [
        {"archivo": path.name, "sha256": digest if path.suffix.lower() == ".csv" else sha256_of(path)}
        for path, digest in zip(names.finished, hashes, strict=True)
    ]
    if names.changes.exists():
        told.append({"archivo": names.changes.name, "sha256": sha256_of(names.changes)})
    return told
