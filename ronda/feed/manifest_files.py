"""Files of changed rows in a register's own format, as its manifest reads its extracts: each row an UPSERT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

import indexer
from clients.feed.changes import ChangesUnreadable, FileChange
from clients.spanish.feed_rules import rule_text
from indexer.manifest.loading import ManifestError, load_manifests
from indexer.manifest.model import Manifest
from indexer.manifest.sources import PostgresqlSource, Source
from indexer.readers.batch import Batch, Unreadable
from indexer.readers.registry import read_file
from indexer.standardise.standardiser import Standardiser
from ronda.v1 import feed_service_pb2 as contract

SHIPPED = Path(indexer.__file__).parent / "registers"


class NoSuchSource(Exception):
    """No such register or source, or none that files can be of; in Spanish."""


class ManifestFiles:
    """Reads files of one source of one register."""

    def __init__(self, manifests: Path | None, register: str, name: str) -> None:
        """manifests: their directory, None = those that come with Ronda. name: of the source; "" = the only one.

        Raises NoSuchSource.
        """
        try:
            found = {each.id: each for each in load_manifests(manifests or SHIPPED)}
        except ManifestError as error:
            raise NoSuchSource(f"No se pueden leer los manifiestos: {error}") from None
        if register not in found:
            raise NoSuchSource(f"--register: es uno de {', '.join(found)}")
        self._manifest = found[register]
        self._source = _source(self._manifest, name)

    @property
    def pattern(self) -> str:
        """Pattern of the files' names: every name, with any ending."""
        return "*.*"

    def read(self, file: Path) -> Iterator[FileChange]:
        """A change for each row that gives records. Its event time is the file's own (mtime).

        Raises ChangesUnreadable for a file that cannot be read to its end, and for the first row that is refused.
        """
        standardiser = Standardiser(self._manifest, self._source, 0)
        at = Timestamp()
        at.FromMilliseconds(file.stat().st_mtime_ns // 1_000_000)
        try:
            for batch in read_file(self._source, file, standardiser.columns):
                yield from self._changes(standardiser, batch, at)
        except Unreadable as error:
            raise ChangesUnreadable(0, f"no se puede leer como {self._source.format}: {error.why}") from None

    def _changes(self, standardiser: Standardiser, batch: Batch, at: Timestamp) -> Iterator[FileChange]:
        refused = standardiser.add(batch)
        if refused:
            first = min(refused)
            where = f"{first.section} {first.field}".strip()
            said = rule_text(first.rule)
            raise ChangesUnreadable(first.row, f"{where}: {said}" if where else said)
        table = standardiser.take().select(["row", "record_id"]).to_pydict()
        ids = dict(zip(table["row"], table["record_id"], strict=True))
        cells = [column.to_pylist() for column in batch.columns]
        for place, number in enumerate(batch.rows.tolist()):
            if number not in ids:  # `when` leaves it out
                continue
            change = contract.FeedChange(
                register_id=self._manifest.id,
                record_id=ids[number],
                kind=contract.FEED_CHANGE_KIND_UPSERT,
                event_time=at,
                manifest_source=self._source.name,
            )
            for name, column in zip(standardiser.columns, cells, strict=True):
                change.cells[name] = column[place] or ""
            yield FileChange(number, change)


def _source(manifest: Manifest, name: str) -> Source:
    names = [source.name for source in manifest.source]
    if not name and len(names) > 1:
        raise NoSuchSource(f"--rows-of: es uno de {', '.join(names)}")
    for source in manifest.source:
        if name in ("", source.name):
            if isinstance(source, PostgresqlSource):
                raise NoSuchSource(f"{manifest.id}: {source.name} es una base; use `ronda feed outbox`")
            if any(each.source == source.name and each.record_id is None for each in manifest.record):
                raise NoSuchSource(f"{manifest.id}: el manifiesto no dice la columna de record_id")
            return source
    raise NoSuchSource(f"--rows-of: es uno de {', '.join(names)}")
