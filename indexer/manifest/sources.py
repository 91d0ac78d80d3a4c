"""Sources of a manifest: the files or queries that a register arrives as."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import xxhash
from pydantic import AfterValidator, Field, field_validator, model_validator

from indexer.manifest.values import ManifestModel

Encoding = Literal["utf-8", "latin-1", "cp1252", "cp850"]

_NEEDED = {"sidecar": "path", "query": "sql", "xml_attribute": "name"}  # key of an origin
_DATE_FORMAT = re.compile(r"(yyyy|mm|dd|[-/. ])+")


_MOST_FOLDERS = 32


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("path is relative to the data directory and stays inside it")
    if path.count("/") > _MOST_FOLDERS:
        raise ValueError(f"path goes through {_MOST_FOLDERS} directories at most")
    if "\0" in path:
        raise ValueError("path holds a NUL")
    return path


PathInside = Annotated[str, AfterValidator(_inside)]


class _Origin(ManifestModel):
    """The place of a statement of an extract about itself."""

    path: PathInside | None = None
    sql: str | None = None
    name: str | None = None

    def check(self, said: str, origin: str) -> None:
        """Raises ValueError unless it has the key of its origin, and no other. said: what it says."""
        for key in ("path", "sql", "name"):
            if (getattr(self, key) is not None) != (key == _NEEDED.get(origin)):
                needs = "needs" if key == _NEEDED.get(origin) else "takes no"
                raise ValueError(f"{said} from {origin} {needs} {key}")


class AsOf(_Origin):
    """The place of the time that an extract speaks for."""

    origin: Literal["sidecar", "query", "mtime", "xml_attribute", "file_name"] = Field(alias="from")
    snapshot: bool = False  # the extract holds all that happened up to this instant

    @model_validator(mode="after")
    def _its_own_key(self) -> AsOf:
        self.check("as_of", self.origin)
        if self.snapshot and self.origin == "mtime":
            raise ValueError("as_of from mtime is no snapshot: a file's time is when somebody wrote it")
        return self


class FeedSequence(_Origin):
    """The place of the last change of a feed that an extract holds."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")  # a name among the server's feed_sources
    origin: Literal["sidecar", "query", "xml_attribute"] = Field(alias="from")

    @model_validator(mode="after")
    def _its_own_key(self) -> FeedSequence:
        self.check("feed_sequence", self.origin)
        return self


class _Source(ManifestModel):
    name: str = Field(pattern=r"^[a-z0-9_]{1,32}$")
    as_of: AsOf
    feed_sequence: FeedSequence | None = None
    line: str | None = Field(default=None, min_length=1)  # column that tells apart the rows of one record id
    null_words: tuple[str, ...] = ()
    null_dates: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ("yyyy-mm-dd",)
    may_be_empty: bool = False
    shrink_limit_percent: int | None = Field(default=None, ge=0, le=100)  # None = the register's

    @property
    def number(self) -> int:
        """The number by which standard records name the source, 1 to 32767; its name alone decides it."""
        return 1 + xxhash.xxh3_64_intdigest(self.name.encode()) % 32767

    @field_validator("date_formats")
    @classmethod
    def _known_tokens(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if not _DATE_FORMAT.fullmatch(text) or any(text.count(token) > 1 for token in ("yyyy", "mm", "dd")):
                raise ValueError(f"date format {text!r}: only yyyy, mm, dd (once each) and - / . space")
        return formats

    @field_validator("null_dates")
    @classmethod
    def _whole_dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
        for text in dates:
            if not re.fullmatch(r"\d{2}/\d{2}/\d{4}|\d{4}-\d{2}-\d{2}", text):
                raise ValueError(f"null date {text!r}: write dd/mm/yyyy or yyyy-mm-dd")
        return dates


class _FileSource(_Source):
    path: PathInside


class PostgresqlSource(_Source):
    """A query; the connection string comes from the settings, never from a manifest."""

    format: Literal["postgresql"]
    query: str


class CsvSource(_FileSource):
    """Delimited text with a header line, or with the columns named here."""

    format: Literal["csv"]
    encoding: Encoding = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    columns: tuple[str, ...] = ()
    multiline: bool = False
    final_line_break: bool = True


class FixedColumn(ManifestModel):
    """A column of a fixed-width line: first character (from 1) and width, in characters."""

    name: str
    start: int = Field(ge=1)
    width: int = Field(ge=1)


class FixedWidthSource(_FileSource):
    """Lines of one length."""

    format: Literal["fixed_width"]
    encoding: Encoding = "latin-1"
    record_length: int = Field(ge=1)
    columns: tuple[FixedColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _within_the_line(self) -> FixedWidthSource:
        for column in self.columns:
            if column.start + column.width - 1 > self.record_length:
                raise ValueError(f"column {column.name} passes record_length")
        return self


class XmlSource(_FileSource):
    """Rows are the elements `row_tag`; a column is a child path "A/B", or an attribute "@A", "A/@B"."""

    format: Literal["xml"]
    encoding: Encoding = "utf-8"
    row_tag: str = Field(pattern=r"^[A-Za-z_][\w.-]*$")


class XlsxSource(_FileSource):
    """One sheet of a workbook; `header_row` counts from 1."""

    format: Literal["xlsx"]
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)


class JsonlSource(_FileSource):
    """One JSON object a line, UTF-8; a column is a key, or a path "a.b" into nested objects."""

    format: Literal["jsonl"]
    encoding: Literal["utf-8"] = "utf-8"


class ParquetSource(_FileSource):
    """Columns of any type that has a text form."""

    format: Literal["parquet"]


Source = Annotated[
    PostgresqlSource | CsvSource | FixedWidthSource | XmlSource | XlsxSource | JsonlSource | ParquetSource,
    Field(discriminator="format"),
]
