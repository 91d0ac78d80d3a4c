"""The one table of what is written to disk in a form that may change, and which release reads which form.

A form that changes gets a new version where it is written. Its row here then says what the release before reads, and
what a roll-back would lose. With each release RELEASE_BEFORE and the `before` of every row move on.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.access.limits_file import VERSION as LIMITS
from core.access.limits_file import limits_version
from core.documents import json_of
from core.generation.manifest import FILES_FORMAT, MANIFEST
from core.generation.view_file import LIVE, VIEW, VIEW_VERSION
from core.ledger.archive import FORMAT as ARCHIVE
from core.ledger.archive import HEAD_BYTES as ARCHIVE_HEAD_BYTES
from core.ledger.archive import archive_format, segment_files
from core.ledger.frames import FORMAT as LEDGER
from core.ledger.frames import FORMAT_WHOLE as LEDGER_WHOLE
from core.ledger.frames import HEAD_BYTES, LOG, head_format
from core.ledger.reader import FOLDER as LEDGER_FOLDER
from core.mart.layout import FOLDER as MART_FOLDER
from core.mart.layout import MART, MART_VERSION
from indexer.generations.publishing import GENERATIONS
from indexer.live.kept import PIECES
from indexer.live.packed_rows import layouts
from indexer.standard import ALERT_HIDES_YET, LINKED_SCHEMA, STANDARD_SCHEMA
from ronda.copies.databases import copy_between_checkpoints
from ronda.settings import Settings
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.key_chain import CHANGE_FIRST_LINE, CHANGE_VERSION
from server.audit.restorations import RESTORATION_FIRST_LINE, RESTORATION_VERSION
from server.audit.segments import FORMAT as AUDIT
from server.audit.segments import SegmentDamaged, list_segments, mapped, read_header
from server.audit.set_up import audit_directory
from server.calls.said_of_hits import FOLDER as CONFIRMATIONS
from server.confirmation import store as confirmations
from server.hotlist import list_file, reports
from server.hotlist.orders import FOLDER as HOTLISTS
from server.recall import store as recall
from server.recall.orders import FOLDER as RECALL

RELEASE_BEFORE = "56077859"  # until the first release: the commit that `./run upgrade-drill` holds this one against
"""The release that a roll-back goes back to."""

Found = Callable[[Settings], Iterable[str]]


@dataclass(frozen=True)
class Format:
    """One form. place: where it lies. writes, reads: of this release; before: versions that the release before reads.

    lost: what a roll-back loses where the release before does not read what lies there. found: versions on disk.
    """

    name: str
    place: str
    writes: str
    reads: frozenset[str] | None
    before: frozenset[str]
    lost: str
    found: Found


def digest(text: str) -> str:
    """The version of a form that is what its columns are: eight digits of a digest of them."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def columns_of(base: sqlite3.Connection) -> str:
    """The tables of a database with their columns, in an order of their own."""
    tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted(name for (name,) in tables)
    rows = ((name, sorted(row[1] for row in base.execute(f'PRAGMA table_info("{name}")'))) for name in names)
    return " ".join(f"{name}({','.join(columns)})" for name, columns in rows)


def _database_version(schema: str) -> str:
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(schema)
        return digest(columns_of(base))


def _database(*place: str) -> Found:
    def found(settings: Settings) -> Iterator[str]:
        path = settings.data.joinpath(*place)
        if not path.exists():
            return
        with tempfile.TemporaryDirectory() as work:  # SQLite would make files of the caller's beside the server's
            copy = Path(work) / path.name
            copy_between_checkpoints(path, copy)
            with closing(sqlite3.connect(copy)) as base:
                yield digest(columns_of(base))

    return found


def _stated(pattern: str, field: str) -> Found:
    """Returns a function that reads the version from one field of the JSON documents that match a pattern."""

    def found(settings: Settings) -> Iterator[str]:
        for path in settings.data.glob(pattern):
            with suppress(FileNotFoundError), path.open("rb") as file:
                yield str(json_of(file.readline() if path.suffix == ".list" else file.read())[field])

    return found


def _ledger(settings: Settings) -> Iterator[str]:
    with suppress(FileNotFoundError), (settings.data / LEDGER_FOLDER / LOG).open("rb") as file:
        yield str(head_format(file.read(HEAD_BYTES)) or "unknown")


def _ledger_archive(settings: Settings) -> Iterator[str]:
    for path in segment_files(settings.data / LEDGER_FOLDER):
        with path.open("rb") as file:
            yield str(archive_format(file.read(ARCHIVE_HEAD_BYTES)) or "unknown")


def _limits(settings: Settings) -> Iterator[str]:
    with suppress(FileNotFoundError):
        yield limits_version(settings.limits_path) or "unknown"


def _audit(settings: Settings) -> Iterator[str]:
    directory = audit_directory(settings)
    for segment in list_segments(directory):
        with suppress(SegmentDamaged, FileNotFoundError), mapped(segment.path(directory)) as data:
            yield str(read_header(data)["format"])


def _key_changes(settings: Settings) -> Iterator[str]:
    for text in CheckpointFiles(audit_directory(settings) / CHECKPOINTS).key_changes():
        first = text.partition("\n")[0]
        yield CHANGE_VERSION if first == CHANGE_FIRST_LINE else first


def _restorations(settings: Settings) -> Iterator[str]:
    for text in CheckpointFiles(audit_directory(settings) / CHECKPOINTS).restoration_texts():
        first = text.partition("\n")[0]
        yield RESTORATION_VERSION if first == RESTORATION_FIRST_LINE else first


def _staged(settings: Settings) -> Iterator[str]:
    for path in settings.data.glob("staging/*/*/records-*.parquet"):
        yield digest(" ".join(pq.read_schema(path).names))


def _closings_to_come(settings: Settings) -> Iterator[str]:
    """Yields the flag of staged and fed records; any ledger with entries may hold fed ones."""
    log = settings.data / LEDGER_FOLDER / LOG
    fed = segment_files(settings.data / LEDGER_FOLDER) or (log.exists() and log.stat().st_size > HEAD_BYTES)
    if fed or any(map(_hides_yet, settings.data.glob("staging/*/*/records-*.parquet"))):
        yield str(ALERT_HIDES_YET)


def _hides_yet(staged: Path) -> bool:
    with pq.ParquetFile(staged) as file:  # its files have no statistics
        if "alert_flags" not in file.schema_arrow.names:
            return False
        batches = file.iter_batches(columns=["alert_flags"], use_threads=False)
        return any(np.any(batch.column(0).to_numpy() & ALERT_HIDES_YET) for batch in batches)


def _kept(settings: Settings) -> Iterator[str]:
    for path in settings.data.glob(f"{GENERATIONS}/[!.]*/{PIECES}"):
        with pa.memory_map(str(path)) as source:
            yield digest((pa.ipc.open_file(source).schema.metadata or {}).get(b"columns", b"").decode())


ANY = None  # every version is read: missing columns are added, further ones left alone
NONE: frozenset[str] = frozenset()

_DATABASE_LOST = "nothing by itself: further columns stay empty"
FORMATS = (
    Format(
        "generation",
        "<data>/generations/<id>/MANIFEST.json",
        str(FILES_FORMAT),
        frozenset({str(FILES_FORMAT)}),
        frozenset({"2"}),
        "the release before serves none of these generations: it needs `ronda index` before it answers",
        _stated(f"{GENERATIONS}/[!.]*/{MANIFEST}", "format_version"),
    ),
    Format(
        "kept records",
        "<data>/generations/<id>/kept_*",
        digest(LINKED_SCHEMA.to_string()),
        frozenset(map(digest, layouts())),
        frozenset({"21a91c03"}),
        "fed registers are STALE until the release before has built a generation",
        _kept,
    ),
    Format(
        "live view",
        "<data>/live/*/VIEW",
        str(VIEW_VERSION),
        frozenset({"1", str(VIEW_VERSION)}),
        frozenset({"1"}),
        "fed registers are STALE until `ronda live` of the release before has made its views again",
        _stated(f"{LIVE}/**/{VIEW}", "view_version"),
    ),
    Format(
        "staging",
        "<data>/staging/<register>/<extract>/records-*.parquet",
        digest(" ".join(STANDARD_SCHEMA.names)),
        ANY,
        frozenset({"743c483e"}),
        "nothing is carried forward for a source that fails in the first build after the roll-back",
        _staged,
    ),
    Format(
        "closings to come",  # a flag in a column that each release has
        "<data>/staging, <data>/ledger",
        str(ALERT_HIDES_YET),
        ANY,
        NONE,
        "the release before SHOWS the address of a protected person whose order is closed on a day to come, or on none "
        "that can be, as soon as it builds a generation or lays a change of the order",
        _closings_to_come,
    ),
    Format(
        "ledger",
        "<data>/ledger/changes.log",
        str(LEDGER_WHOLE),  # and LEDGER once entries are archived: the next row
        frozenset({str(LEDGER), str(LEDGER_WHOLE)}),
        frozenset({"1"}),
        "what was fed cannot be read: do not roll back; put a copy of before the upgrade back (docs/backup.md)",
        _ledger,
    ),
    Format(
        "ledger archive",
        "<data>/ledger/archive/*.seg",
        str(ARCHIVE),
        frozenset({str(ARCHIVE)}),
        NONE,
        "what was fed cannot be read: do not roll back; put a copy of before the upgrade back (docs/backup.md)",
        _ledger_archive,
    ),
    Format(
        "audit log",
        "<audit>/logs/<log>/*.seg",
        AUDIT,
        frozenset({AUDIT}),
        frozenset({"ronda-audit/1"}),
        "the release before reads none of the records written since the upgrade, and says so",
        _audit,
    ),
    Format(
        "audit key changes",
        "<audit>/checkpoints/keys",
        CHANGE_VERSION,
        frozenset({CHANGE_VERSION}),
        NONE,
        "`ronda audit verify` and a witness of the release before know one key only, and refuse what another signed",
        _key_changes,
    ),
    Format(
        "audit restorations",
        "<audit>/checkpoints/restorations",
        RESTORATION_VERSION,
        frozenset({RESTORATION_VERSION}),
        NONE,
        "the release before signs nothing more in a log that was put back from a copy, and calls it rolled back",
        _restorations,
    ),
    Format(
        "limits",
        "<data>/limits",
        LIMITS,
        frozenset({"3", LIMITS}),
        frozenset({"3"}),  # an older one is made anew
        "allowances that were spent: each officer and device begins anew",
        _limits,
    ),
    Format(
        "recall",
        "<data>/recall/recall.db",
        _database_version(recall.SCHEMA),
        ANY,
        frozenset({"cd6c474a"}),
        _DATABASE_LOST,
        _database(RECALL, recall.FILE),
    ),
    Format(
        "confirmations",
        "<data>/confirmations/confirmations.db",
        _database_version(confirmations.SCHEMA),
        ANY,
        frozenset({"75376880"}),
        _DATABASE_LOST,
        _database(CONFIRMATIONS, confirmations.FILE),
    ),
    Format(
        "off-line reports",
        "<data>/hotlists/reports.db",
        _database_version(reports.SCHEMA),
        ANY,
        frozenset({"6020e64e"}),
        _DATABASE_LOST,
        _database(HOTLISTS, reports.FILE),
    ),
    Format(
        "hot lists",
        "<data>/hotlists/*.list",
        str(list_file.FORMAT),
        frozenset({str(list_file.FORMAT)}),
        frozenset({"1"}),
        "lists are made again when a car asks, and given whole instead of as steps",
        _stated(f"{HOTLISTS}/*.list", "format"),
    ),
    Format(
        "mart",
        "<data>/mart/*/MART.json",
        str(MART_VERSION),
        frozenset({str(MART_VERSION)}),
        frozenset({"1"}),
        "no figures until `ronda mart build` of the release before",
        _stated(f"{MART_FOLDER}/**/{MART}", "mart_version"),
    ),
)
