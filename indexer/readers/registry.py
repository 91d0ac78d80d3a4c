"""Finds the reader of a manifest's source: its file, as-of and bytes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

import xxhash

from core.files.regular_file import open_regular
from indexer.manifest.sources import (
    AsOf,
    CsvSource,
    FeedSequence,
    FixedWidthSource,
    JsonlSource,
    ParquetSource,
    PostgresqlSource,
    Source,
    XlsxSource,
    XmlSource,
)
from indexer.readers.batch import Batch, Unreadable
from indexer.readers.csv import read_csv
from indexer.readers.fixed_width import read_fixed_width
from indexer.readers.jsonl import read_jsonl
from indexer.readers.parquet import read_parquet
from indexer.readers.xlsx import read_xlsx
from indexer.readers.xml import read_xml, xml_root_attribute

GUATEMALA = ZoneInfo("America/Guatemala")
CHUNK_BYTES = 4 << 20


def newest_file(data_directory: Path, pattern: str) -> Path:
    """The last by name of the files that fit. Raises Unreadable."""
    found = sorted(path for path in data_directory.glob(pattern) if path.is_file())
    if not found:
        raise Unreadable(f"no file fits {pattern!r}")
    return found[-1]


def read_file(source: Source, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of a file source. Raises Unreadable."""
    match source:
        case CsvSource():
            return read_csv(source, path, columns)
        case FixedWidthSource():
            return read_fixed_width(source, path, columns)
        case XmlSource():
            return read_xml(source, path, columns)
        case XlsxSource():
            return read_xlsx(source, path, columns)
        case JsonlSource():
            return read_jsonl(source, path, columns)
        case ParquetSource():
            return read_parquet(source, path, columns)
        case PostgresqlSource():
            raise ValueError("a postgresql source is no file")
        case _:
            assert_never(source)


def file_as_of(source: Source, path: Path, data_directory: Path) -> int:
    """The time for which a file speaks, UTC milliseconds. Raises Unreadable."""
    as_of = source.as_of
    if as_of.origin == "mtime":
        return path.stat().st_mtime_ns // 1_000_000
    if as_of.origin == "file_name":
        digits = re.findall(r"(?<!\d)(\d{8})(?!\d)", path.name)
        if not digits:
            raise Unreadable("the file's name holds no yyyymmdd")
        return parse_as_of(f"{digits[-1][:4]}-{digits[-1][4:6]}-{digits[-1][6:]}")
    return parse_as_of(said_beside(source, as_of, path, data_directory))


def said_beside(source: Source, origin: AsOf | FeedSequence, path: Path | None, data_directory: Path) -> str:
    """Returns the text of an attribute of a file's root element, or of a file of its own. Raises Unreadable."""
    if origin.origin == "xml_attribute" and isinstance(source, XmlSource) and path is not None:
        return xml_root_attribute(path, source, origin.name or "")
    sidecar = newest_file(data_directory, origin.path or "")
    try:
        with open_regular(sidecar) as file:
            return file.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{sidecar.name} cannot be read") from error


def parse_sequence(text: str) -> int:
    """A feed's sequence; 0 = before its first change. Raises Unreadable."""
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise Unreadable("the feed sequence is no whole number")
    return int(text)


def parse_as_of(text: str) -> int:
    """ISO 8601 as UTC milliseconds; without an offset it is Guatemala's time. Raises Unreadable."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Unreadable("the as-of is no ISO 8601 time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=GUATEMALA)
    try:
        return int(moment.timestamp() * 1000)
    except (OverflowError, ValueError) as error:
        raise Unreadable("the as-of lies outside of the years 1 to 9999") from error


def file_checksum(path: Path) -> str:
    """XXH3-128 of a file's bytes. Raises Unreadable."""
    digest = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}") from error
    return digest.hexdigest()
