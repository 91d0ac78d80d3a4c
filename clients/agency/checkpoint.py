"""Progress of a run, in a file beside OUT: enough to go on after any interruption, a kill included.

It is written aside and renamed, after the results are on disk: it is never ahead of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from clients.agency.failures import AgencyError
from clients.client.whole_file import json_of, read_whole

_VERSION = 3
_FILES = 3  # results, rejects, homonyms
Counts = tuple[Counter[str], Counter[str]]  # rows by result, invalid rows by rule


@dataclass(frozen=True)
class Progress:
    """One pass over the file so far.

    request_id: of its streams. offset: byte of the source from which to go on; row: number of its first row. lengths:
    bytes of results, rejects and homonyms that belong to what is done. counts: rows by result, rules: invalid rows by
    rule. changes: lowest and highest sequence of live changes that batches were judged with; empty = none answered yet.
    sample: the server said of an answer that it is one of invented people, or of development mode.
    """

    generation: str
    request_id: str
    offset: int
    row: int
    lengths: list[int]
    counts: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    blank: int = 0
    done: bool = False
    changes: list[int] = field(default_factory=list)
    sample: bool = False

    def is_whole(self) -> bool:
        """Returns whether every field is of its kind."""
        counted = (self.offset, self.row, self.rows, self.blank, *self.lengths, *self.counts.values())
        return (
            isinstance(self.generation, str)
            and isinstance(self.request_id, str)
            and isinstance(self.done, bool)
            and isinstance(self.sample, bool)
            and isinstance(self.lengths, list)
            and len(self.lengths) == _FILES
            and isinstance(self.changes, list)
            and all(map(_is_count, (*counted, *self.rules.values(), *self.changes)))
            and _are([*self.counts, *self.rules], str)
        )

    def after(
        self,
        offset: int,
        rows: int,
        blank: int,
        lengths: list[int],
        found: Counts,
        changes: list[int],
        *,
        sample: bool = False,
    ) -> Progress:
        """Returns the progress with one more block: a new value, so that an interruption leaves the one or the other.

        changes: of each batch's answer.
        """
        counts, rules = dict(self.counts), dict(self.rules)
        for held, more in ((counts, found[0]), (rules, found[1])):
            for word, many in more.items():
                held[word] = held.get(word, 0) + many
        return replace(
            self,
            offset=offset,
            row=self.row + rows + blank,
            lengths=lengths,
            counts=counts,
            rules=rules,
            rows=self.rows + rows,
            blank=self.blank + blank,
            sample=self.sample or sample,
            changes=[min(seen), max(seen)] if (seen := [*self.changes, *changes]) else [],
        )


@dataclass
class Checkpoint:
    """A run. asked: everything that must be the same when it is resumed. passes: the first, and after it one for each
    newer generation that served at its end. serving: the generation that served when all passes were done, else "".
    hashes: sha256 of the last pass's files, once they are to be given their names.
    """

    asked: dict[str, Any]
    started: str
    passes: list[Progress] = field(default_factory=list)
    resumed: int = 0
    serving: str = ""
    hashes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Returns the content of its file."""
        return json.dumps({"version": _VERSION, **asdict(self)}, ensure_ascii=False)

    def save(self, path: Path) -> None:
        """Durably, or not at all. Raises OSError."""
        self.save_text(path, self.text())

    @staticmethod
    def save_text(path: Path, text: str) -> None:
        """Saves the result of `text`, as `save`."""
        aside = path.with_name(f"{path.name}.tmp")
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def is_whole(self) -> bool:
        """Returns whether a run can have written it: an altered one must not end a run with rows left."""
        return (
            isinstance(self.asked, dict)
            and isinstance(self.started, str)
            and isinstance(self.serving, str)
            and _is_count(self.resumed)
            and _are(self.hashes, str)
            and all(each.is_whole() for each in self.passes)
            and (not (self.serving or self.hashes) or (bool(self.passes) and self.passes[-1].done))
        )

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Raises AgencyError: it is damaged, or of another release."""
        try:
            held = json_of(read_whole(path).decode())
            if held.pop("version") != _VERSION:
                raise ValueError("version")
            found = cls(passes=[Progress(**each) for each in held.pop("passes")], **held)
            if not found.is_whole():
                raise ValueError("altered")
            return found
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise AgencyError(f"No se puede leer el avance {path.name}: empiece de nuevo con --restart.") from None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are(values: object, kind: type[object]) -> bool:
    return isinstance(values, list) and all(isinstance(each, kind) for each in values)


def identity_of(path: Path) -> dict[str, Any]:
    """Returns the facts that identify the file that a run began with."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
