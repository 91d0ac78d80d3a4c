"""A whole run: the file judged in passes pinned to a generation, and handed over with summary and receipt."""

from __future__ import annotations

import datetime
import gc
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clients.agency import words
from clients.agency.checkpoint import Checkpoint, Progress, identity_of, sha256_of
from clients.agency.columns import Columns
from clients.agency.engine import Engine
from clients.agency.failures import AgencyError
from clients.agency.lines import headings, heads, names_of
from clients.agency.outputs import Files, Names
from clients.agency.passing import Part, run_pass, where_part_begins
from clients.agency.saving import Saver
from clients.agency.source import STDIN, Source
from clients.agency.streams import PATIENCE_S, STREAMS, WINDOW
from clients.agency.summary import compare, hand_over, write_summary

_PASSES = 3  # generations at most that a file is judged under; when yet another serves then, the summary says so
_FIRST_S = 3.0  # who has no server, or the wrong one, learns it soon


@dataclass(frozen=True)
class Wishes:
    """The options of a run. standard: ClearanceStandard. key: PEM file of an Ed25519 private key, None = not signed.

    marked: CSV files begin with the mark of UTF-8 (BOM), by which Excel knows it.
    """

    source: Source
    columns: Columns
    standard: int
    out: str
    engine: Engine
    part: Part
    key: Path | None = None
    streams: int = STREAMS
    window: int = WINDOW
    patience_s: float = PATIENCE_S
    marked: bool = False

    def asked(self) -> dict[str, Any]:
        """Returns the facts that must be the same when the run is resumed: else its lines would be of two runs."""
        source = self.source
        return {
            "given": None if source.given == STDIN or not source.own else identity_of(Path(source.given)),
            "input": identity_of(source.path),
            "standard": self.standard,
            "columns": {field: list(places) for field, places in self.columns.places.items()},
            "delimiter": source.delimiter,
            "start": source.start,
            "part": [self.part.number, self.part.of],
            "marked": self.marked,
        }


def prepare(names: Names, *, resume: bool, restart: bool) -> bool:
    """Returns whether there is a run to continue; checks before anything is read. Raises AgencyError."""
    if resume and restart:
        raise AgencyError("--resume y --restart no van juntos.")
    if restart:
        names.clear()
        return False
    if names.checkpoint.exists():
        if not resume:
            raise AgencyError(
                "Hay una corrida sin terminar para ese --out: siga con --resume, o empiece con --restart."
            )
        return True
    if names.out.exists():
        if resume:
            raise AgencyError(f"La corrida de {names.out.name} ya terminó: no hay nada que seguir.")
        raise AgencyError(f"{names.out.name} ya existe: escriba otro --out, o --restart para reemplazarlo.")
    return False


def run(wishes: Wishes, *, resume: bool, told: Callable[[Progress, int], None]) -> dict[str, Any]:
    """Judges the file; returns the summary. `told`: shows a pass and its number. The caller holds the Lock of OUT.

    Raises AgencyError, CallFailure, GenerationGone, HalfAnswer, OSError; after each but the first `resume` goes on.
    """
    names = Names.of(wishes.out)
    checkpoint = _begun(wishes, names, resume=resume)
    hashes: list[str] = []
    while not checkpoint.serving:
        if not checkpoint.passes or checkpoint.passes[-1].done:
            serving = wishes.engine.generation(
                wishes.patience_s if checkpoint.passes else _FIRST_S, call_s=wishes.patience_s
            )
            same = bool(checkpoint.passes) and checkpoint.passes[-1].generation == serving
            if same or len(checkpoint.passes) == _PASSES:
                checkpoint.serving = serving
                checkpoint.save(names.checkpoint)
                break
            checkpoint.passes.append(_first(wishes, serving))
        hashes = _pass(wishes, names, checkpoint, told)
    return _finish(wishes, names, checkpoint, hashes)


def _begun(wishes: Wishes, names: Names, *, resume: bool) -> Checkpoint:
    if not resume:
        return Checkpoint(wishes.asked(), now())
    checkpoint = Checkpoint.load(names.checkpoint)
    if checkpoint.asked != wishes.asked():
        raise AgencyError(
            "El archivo, las columnas, --standard, --part o --bom no son los de la corrida interrumpida: "
            "repítalos tal cual, o empiece de nuevo con --restart."
        )
    checkpoint.resumed += 1
    return checkpoint


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _first(wishes: Wishes, generation: str) -> Progress:
    offset, row = where_part_begins(wishes.source, wishes.part)
    return Progress(generation, str(uuid.uuid4()), offset, row, [0, 0, 0])


def _pass(wishes: Wishes, names: Names, checkpoint: Checkpoint, told: Callable[[Progress, int], None]) -> list[str]:
    """Hashes of the files, where they are known without reading them again."""
    number = len(checkpoint.passes)
    progress = checkpoint.passes[-1]
    files = Files(names.partial(number), progress.lengths)
    asking = wishes.engine.asking(
        wishes.standard,
        progress.generation,
        progress.request_id,
        streams=wishes.streams,
        window=wishes.window,
        patience_s=wishes.patience_s,
    )
    try:
        if not any(progress.lengths) and wishes.part.number == 1:
            files.write(heads(given_names(wishes.source, wishes.columns), marked=wishes.marked))
            checkpoint.passes[-1] = replace(progress, lengths=files.lengths())
        files.flush()
        files.durable()
        checkpoint.save(names.checkpoint)
        threading.Thread(target=_import_what_comes_last).start()
        # `asking` ends first: what it raises is saved before it is shown.
        with Saver(checkpoint, names.checkpoint, files) as saver, asking:
            run_pass(
                wishes.source,
                wishes.columns,
                wishes.part,
                asking,
                checkpoint,
                files,
                saver,
                lambda each: told(each, number),
            )
        return files.hashes()
    finally:
        files.close()


def _import_what_comes_last() -> None:
    """Half a second of imports, while the server judges."""
    gc.disable()  # nothing of what is imported is garbage
    import clients.agency.receipt  # noqa: PLC0415
    import clients.agency.signing  # noqa: F401, PLC0415

    gc.freeze()
    gc.enable()


def given_names(source: Source, columns: Columns) -> list[str]:
    """Headers of the given columns as they stand in the files."""
    places = [(place, field) for field in columns.fields for place in columns.places[field]]
    return names_of([source.names[place] for place, _ in places], [field for _, field in places])


def _finish(wishes: Wishes, names: Names, checkpoint: Checkpoint, hashes: list[str]) -> dict[str, Any]:
    """Hands the last pass over, with what changed between the passes."""
    began, source = checkpoint.asked, wishes.source
    given = source.path if source.given == STDIN else Path(source.given)
    if identity_of(given) != (began["given"] or began["input"]):
        raise AgencyError("El archivo de entrada cambió mientras se consultaba: empiece de nuevo con --restart.")
    changed = compare(names, len(checkpoint.passes), marked=wishes.marked)
    if not checkpoint.hashes:
        checkpoint.hashes = hashes or [sha256_of(path) for path in names.partial(len(checkpoint.passes))]
        checkpoint.save(names.checkpoint)
    hand_over(
        names,
        len(checkpoint.passes),
        checkpoint.hashes,
        headings(given_names(wishes.source, wishes.columns)),
        headed=wishes.part.number == 1,
    )
    summary = write_summary(
        names,
        checkpoint,
        source=wishes.source,
        columns=wishes.columns.told(wishes.source),
        part=wishes.part,
        standard=(wishes.standard, words.STANDARDS[wishes.standard]),
        engine=wishes.engine,
        changed=changed,
        key=wishes.key,
        ended=now(),
    )
    names.clear()
    return summary
