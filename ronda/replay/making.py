"""An answer made again: the recorded question, grant and clock, asked of the generation and the changes that answered.

The engine is asked as it was then, and its bytes are held against the record's digest. What is not the answer's own
fault (another engine, a generation that is gone) is no difference: NotReproducible says which it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from pathlib import Path
from typing import Any

from core.audit.reader import AgainFlag
from core.built import ENGINE
from core.engine.entry import Engine, Method
from core.errors import LedgerDamaged, QuestionError, StoredDataError
from core.files.regular_file import read_file
from core.generation.overlay import overlay
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY
from indexer.generations.publishing import GENERATIONS
from indexer.live.writer import made_with
from indexer.manifest.model import Manifest
from ronda.replay.changes import LedgerShort, deltas_to
from server.audit.keys import SegmentKeys
from server.audit.reading import AuditRecord, MadeOf, opened_question, response_digest
from server.processes.page_key import PAGE_KEY, PAGE_KEY_BYTES

_PAGED = (Method.SEARCH_PERSONS, Method.SEARCH_VEHICLES, Method.LIST_RECORDS)


class Why(Enum):
    """The reasons why an answer cannot be made again."""

    REFUSED = auto()  # nothing was answered
    NO_DIGEST = auto()  # an earlier release's record, or an answer that no generation gives
    SEAL = auto()  # what was asked cannot be opened
    ENGINE = auto()  # another release answered
    LINKING = auto()  # other rules or manifests made the live changes
    CONFIRMED = auto()  # it shows what an institution said of a hit
    GENERATION = auto()  # it is gone
    DAMAGED = auto()  # it is there, and does not hold; or it keeps no records for the live changes
    LEDGER = auto()  # it does not hold the changes, or the key of subject ids is not there
    PAGE_KEY = auto()  # page tokens are made with another key by now


class NotReproducible(Exception):
    """The answer cannot be made again. `detail`: a file or version, never what was asked."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.name} {detail}".strip())
        self.why = why
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Replayed:
    """An answer that was made again. made: its digest; b"" = the engine refuses now what it answered then."""

    digest: bytes  # of what was answered, by the record
    made: bytes
    response: bytes

    @property
    def equal(self) -> bool:
        """True if it equals the past answer, byte for byte."""
        return compare_digest(self.digest, self.made)


def replay(record: AuditRecord, keys: SegmentKeys, data: Path, manifests: Callable[[], Sequence[Manifest]]) -> Replayed:
    """The answer of a record. manifests: asked for where live changes are to be made again.

    Raises NotReproducible, ManifestError, OSError.
    """
    made_of = _made_of(record)
    question = opened_question(record, keys)
    if question is None:
        raise NotReproducible(Why.SEAL)
    # One's own alone: what is made holds what the registers say of persons.
    with tempfile.TemporaryDirectory(prefix="ronda-replay-") as work:
        try:
            engine = Engine(_generation(record, made_of, data, manifests, Path(work)), _page_key(data))
            response = _asked_again(engine, record, made_of, question)
        except LedgerDamaged as error:
            raise NotReproducible(Why.LEDGER, str(error)) from error
        except StoredDataError as error:
            raise NotReproducible(Why.DAMAGED, str(error)) from error
    made = response_digest(response, keys, record.place) if response else b""
    found = Replayed(made_of.digest, made, response)
    if not found.equal and _needs_page_key(record, made_of) and not engine.has_page_key_of(made_of.asker):
        raise NotReproducible(Why.PAGE_KEY, PAGE_KEY)
    return found


def _made_of(record: AuditRecord) -> MadeOf:
    """Returns the inputs of an answer that can be made again. Raises NotReproducible."""
    made_of = record.made_of
    if record.status:
        raise NotReproducible(Why.REFUSED)
    if made_of is None or not made_of.asker:
        raise NotReproducible(Why.NO_DIGEST)
    if made_of.engine != ENGINE:
        raise NotReproducible(Why.ENGINE, f"{made_of.engine or '?'}, {ENGINE}")
    if made_of.flags & AgainFlag.CONFIRMED:
        raise NotReproducible(Why.CONFIRMED)
    return made_of


def _generation(
    record: AuditRecord, made_of: MadeOf, data: Path, manifests: Callable[[], Sequence[Manifest]], work: Path
) -> Generation:
    """The view that answered. Raises NotReproducible, StoredDataError, ManifestError, OSError."""
    name = record.generation
    directory = data / GENERATIONS / name
    if not name or Path(name).name != name or not directory.is_dir():
        raise NotReproducible(Why.GENERATION, name)
    base = Generation.open(directory)
    if base.generation_id != name:
        raise NotReproducible(Why.DAMAGED, "MANIFEST.json")
    if not made_of.fed:
        return base
    told: dict[str, Any] = made_of.fed
    deltas = []
    if record.overlay_sequence:
        read = manifests()
        made, _, ledger = str(told.get("made_with", "")).partition(".")
        if made != made_with(read):
            raise NotReproducible(Why.LINKING)
        if not (data / SUBJECT_KEY).is_file():
            raise NotReproducible(Why.LEDGER, SUBJECT_KEY)
        try:
            deltas = deltas_to(record.overlay_sequence, ledger, base, data, read, work)
        except LedgerShort as error:
            raise NotReproducible(Why.LEDGER, str(error)) from error
    return overlay(base, deltas, record.overlay_sequence, told.get("registers", {}), told.get("made_with", ""))


def _asked_again(engine: Engine, record: AuditRecord, made_of: MadeOf, question: bytes) -> bytes:
    """The response; b"" where the engine refuses it now."""
    try:
        return engine.answer_again(
            record.method,
            question,
            record.time_ms,
            made_of.asker,
            record.answer_id,
            bool(made_of.flags & AgainFlag.SUPERSEDED),
            made_of.standard,
            bool(made_of.flags & AgainFlag.CLOCK_DOUBTFUL),
        )
    except QuestionError:
        return b""


def _needs_page_key(record: AuditRecord, made_of: MadeOf) -> bool:
    """Returns whether a page token left with it, or may have been in the question: those methods have pages."""
    return bool(made_of.flags & AgainFlag.PAGE_TOKEN) or record.method in _PAGED


def _page_key(data: Path) -> bytes:
    """The key of page tokens; one that nobody has where it is not kept."""
    with suppress(FileNotFoundError):
        key = read_file(data / PAGE_KEY)
        if len(key) == PAGE_KEY_BYTES:
            return key
    return bytes(PAGE_KEY_BYTES)
