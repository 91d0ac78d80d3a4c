"""The child process that reads registers: `python -m indexer.extract.child`, each task a JSON line on stdin.

It writes Parquet files, the quarantine and the report into the staging directory. It reports its progress as JSON lines
on stdout, "done" as the last of a register. Exit 0 = there is no further task; 3 = a source cannot be read (the last
line names it and the reason); 4 = the disk it writes to is full; anything else is a crash.
"""

from __future__ import annotations

import errno
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from indexer.build.memory import keep_memory
from indexer.extract.fingerprint import fingerprint
from indexer.extract.report import ExtractReport, SourceUnreadable
from indexer.manifest.loading import load_manifest
from indexer.manifest.model import Manifest
from indexer.manifest.sources import PostgresqlSource, Source
from indexer.readers.batch import Batch, Unreadable
from indexer.readers.postgresql import PostgresqlReader
from indexer.readers.registry import (
    file_as_of,
    file_checksum,
    newest_file,
    parse_as_of,
    parse_sequence,
    read_file,
    said_beside,
)
from indexer.staging.alert_counts import AlertCounts
from indexer.standard import STANDARD_SCHEMA
from indexer.standardise.quarantine import QuarantineWriter
from indexer.standardise.standardiser import Standardiser

EXIT_UNREADABLE = 3
EXIT_DISK_FULL = 4
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of writing to a full disk; reading never raises them."""
ROW_GROUP = 131_072
FILE_ROWS = 4_000_000
"""Records a file."""
PROGRESS_S = 0.2
AHEAD_MAX_S = 24 * 3600.0
"""The longest time that an as-of may lie ahead of the clock."""
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999, the last that can be written


class _RecordWriter:
    """records-00000.parquet and on, in row groups of ROW_GROUP."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files = self.in_file = self.records = 0
        self.waiting: list[pa.Table] = []
        self.writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        self.records += table.num_rows
        self.waiting.append(table)
        if sum(t.num_rows for t in self.waiting) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        table = pa.concat_tables(self.waiting)
        self.waiting = []
        if self.writer is None:
            path = self.directory / f"records-{self.files:05d}.parquet"
            # no dictionaries: four times as fast to read, and no larger (measured)
            self.writer = pq.ParquetWriter(
                path, STANDARD_SCHEMA, compression="lz4", use_dictionary=False, write_statistics=False
            )
            self.files += 1
        self.writer.write_table(table, row_group_size=2 * ROW_GROUP)
        self.in_file += table.num_rows
        if self.in_file >= FILE_ROWS:
            self._close_file()

    def _close_file(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer, self.in_file = None, 0

    def finish(self) -> None:
        if self.waiting or self.files == 0:
            self.waiting = self.waiting or [STANDARD_SCHEMA.empty_table()]
            self._flush()
        self._close_file()


def _closed_ms(path: Path | None) -> int:
    """Returns the latest time at which the present input was closed: the same file may be read again days later."""
    now_ms = int(time.time() * 1000)
    return now_ms if path is None else min(now_ms, path.stat().st_mtime_ns // 1_000_000)


class _Extraction:
    def __init__(self, task: dict[str, Any]) -> None:
        self.manifest: Manifest = load_manifest(Path(task["manifest"]))
        self.ordinal: int = task["ordinal"]
        self.directory = Path(task["directory"])
        self.data_directory = Path(task["data_directory"])
        self.dsn: str | None = task["dsn"]
        self.rows = self.done = self.total = self.rows_refused = 0
        self.refused: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.taken: dict[str, int] = {}
        self.alerts = AlertCounts()
        self.as_of: list[int] = []
        self.holds: dict[str, dict[str, Any]] = {}
        self.checksums: list[str] = []
        self.told = 0.0

    def run(self) -> ExtractReport:
        started = time.monotonic()
        mark = fingerprint(self.manifest, self.data_directory)
        paths = {source.name: self._path(source) for source in self.manifest.source}
        self.total = sum(path.stat().st_size for path in paths.values() if path is not None)
        if any(path is None for path in paths.values()):
            self.total = 0
        writer = _RecordWriter(self.directory)
        with QuarantineWriter(self.directory / "quarantine.parquet") as quarantine:
            for source in self.manifest.source:
                try:
                    self._source(source, paths[source.name], writer, quarantine)
                except Unreadable as error:
                    raise SourceUnreadable(self.manifest.id, source.name, error.why) from error
        writer.finish()
        self._tell(force=True)
        return ExtractReport(
            register_id=self.manifest.id,
            ordinal=self.ordinal,
            as_of_ms=min(self.as_of),
            rows_read=self.rows,
            rows_refused=self.rows_refused,
            records=writer.records,
            checksum=xxhash.xxh3_128_hexdigest(" ".join(self.checksums).encode()),
            fingerprint=mark,
            duration_s=round(time.monotonic() - started, 3),
            refused=dict(sorted(self.refused.items())),
            left_out=dict(sorted(self.left_out.items())),
            sources=self.taken,
            alerts=self.alerts.by_kind(),
            holds=self.holds,
            warnings=dict(sorted(self.warnings.items())),
        )

    def _path(self, source: Source) -> Path | None:
        if isinstance(source, PostgresqlSource):
            return None
        try:
            return newest_file(self.data_directory, source.path)
        except Unreadable as error:
            raise SourceUnreadable(self.manifest.id, source.name, error.why) from error

    def _source(self, source: Source, path: Path | None, writer: _RecordWriter, quarantine: QuarantineWriter) -> None:
        standardiser = Standardiser(self.manifest, source, self.ordinal)
        if source.feed_sequence is not None or source.as_of.snapshot:
            self.holds[source.name] = {"read_ms": _closed_ms(path)}
        if isinstance(source, PostgresqlSource):
            batches = self._query(source, standardiser.columns)
        else:
            assert path is not None
            self._speaks_of(source, file_as_of(source, path, self.data_directory))
            if source.feed_sequence is not None:
                said = said_beside(source, source.feed_sequence, path, self.data_directory)
                self._holds_to(source, source.feed_sequence.feed, said)
            self.checksums.append(file_checksum(path))
            batches = read_file(source, path, standardiser.columns)
        before, refused_before, done_before = self.rows, self.rows_refused, self.done
        why: Counter[str] = Counter()
        whole = 0
        for batch in batches:
            refused = standardiser.add(batch)
            quarantine.add(refused)
            why.update(".".join(part for part in (r.section, r.field, r.rule) if part) for r in refused)
            self.rows_refused += len({r.row for r in refused})
            self.rows += len(batch.rows) + len(batch.bad)
            self.done = done_before + batch.bytes_done
            records = standardiser.take()
            whole += self.alerts.add(records)
            writer.add(records)
            self._tell()
        self.warnings += standardiser.warnings()
        left_out = standardiser.left_out()
        self.refused += why
        self.left_out += left_out
        rows, refused_rows = self.rows - before, self.rows_refused - refused_before
        self.taken[source.name] = rows - refused_rows - left_out.total()
        if rows == 0 and not source.may_be_empty:
            raise Unreadable("it holds no rows")
        if whole == 0 and (refused_rows or (rows and not source.may_be_empty)):
            raise Unreadable(_nothing_whole(rows, why, left_out))

    def _speaks_of(self, source: Source, as_of_ms: int) -> None:
        """Notes a source's as-of. Raises Unreadable when it lies further ahead than any time zone explains, or where no
        register was kept yet: a field that nobody filled."""
        if as_of_ms < 0:
            raise Unreadable("its as-of lies before 1970")
        if as_of_ms > (time.time() + AHEAD_MAX_S) * 1000:
            stated = datetime(1970, 1, 1) + timedelta(milliseconds=min(as_of_ms, _LATEST_MS))  # noqa: DTZ001 - UTC is said
            raise Unreadable(f"its as-of {stated:%Y-%m-%d %H:%M} UTC is more than a day ahead of the clock")
        self.as_of.append(as_of_ms)
        if source.as_of.snapshot:
            self.holds[source.name]["snapshot_ms"] = as_of_ms

    def _holds_to(self, source: Source, feed: str, said: str) -> None:
        self.holds[source.name]["feeds"] = {feed: parse_sequence(said)}

    def _query(self, source: PostgresqlSource, columns: list[str]) -> Iterator[Batch]:
        if self.dsn is None:
            raise Unreadable("no DSN is configured for this register")
        reader = PostgresqlReader(source, self.dsn)
        digest = xxhash.xxh3_128()
        try:
            as_of, sequence = source.as_of, source.feed_sequence
            if as_of.origin == "query":
                self._speaks_of(source, parse_as_of(reader.ask(as_of.sql or "", "the as-of")))
            else:
                self._speaks_of(source, parse_as_of(said_beside(source, as_of, None, self.data_directory)))
            if sequence is not None and sequence.origin == "query":
                self._holds_to(source, sequence.feed, reader.ask(sequence.sql or "", "the feed sequence"))
            elif sequence is not None:
                said = said_beside(source, sequence, None, self.data_directory)
                self._holds_to(source, sequence.feed, said)
            for batch in reader.read(columns):
                for column in batch.columns:
                    for buffer in column.buffers()[1:]:
                        if buffer is not None:
                            digest.update(buffer)
                yield batch
        finally:
            reader.close()
        self.checksums.append(digest.hexdigest())

    def _tell(self, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self.told >= PROGRESS_S:
            self.told = now
            _say({"rows": self.rows, "bytes_done": self.done, "bytes_total": self.total})


def _nothing_whole(rows: int, refused: Counter[str], left_out: Counter[str]) -> str:
    """Returns why none of a source's rows gave a whole record: a wrong encoding, a code that changed."""
    reasons = [f"{count:,} refused: {reason}" for reason, count in refused.most_common(3)]
    reasons += [f"{count:,} left out by when: {column}" for column, count in left_out.most_common(3)]
    return f"none of its {rows:,} rows gives a whole record ({'; '.join(reasons)})"


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(message) + b"\n")
    sys.stdout.buffer.flush()


def main() -> int:
    """Runs the tasks on stdin, until one fails: what it left in this process must not harm the next."""
    pa.set_cpu_count(1)  # one core a register: several registers run at once
    keep_memory()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold rows
    for line in sys.stdin.buffer:
        task = orjson.loads(line)
        resource.setrlimit(resource.RLIMIT_AS, (task["memory_bytes"], task["memory_bytes"]))
        try:
            extraction = _Extraction(task)
            extraction.run().write(extraction.directory / "extract.json")
        except SourceUnreadable as error:
            _say({"unreadable": {"source": error.source, "why": error.why}})
            return EXIT_UNREADABLE
        except OSError as error:
            if error.errno in DISK_FULL:
                return EXIT_DISK_FULL
            raise
        del extraction
        pa.default_memory_pool().release_unused()
        _say({"done": True})
    return 0


if __name__ == "__main__":
    sys.exit(main())
