"""Delimited text. Lines are kept apart before pyarrow parses them: one bad line or byte never fails the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from indexer.manifest.sources import CsvSource
from indexer.readers.batch import BadRow, Batch, Unreadable, batch_of_rows, require_columns
from indexer.readers.text_lines import blocks, decode, open_source, without_bom

MULTILINE_MAX = 100
"""Lines that one row may take where `multiline` allows it; more means a quote was left open."""


def read_csv(source: CsvSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns. Raises Unreadable."""
    with open_source(path) as file:
        reader = _CsvReader(source, columns)
        done = 0
        for number, (raw, last) in enumerate(blocks(file)):
            done += len(raw)
            block = without_bom(raw, source.encoding) if number == 0 else raw
            batch = reader.block(block, last, done)
            if batch is not None:
                yield batch
        tail = reader.finish(done)
        if tail is not None:
            yield tail


class _CsvReader:
    def __init__(self, source: CsvSource, asked: list[str]) -> None:
        self.source, self.asked = source, asked
        self.names: list[str] | None = None
        self.line = 0  # data lines before the present block
        self.held: list[str] = []  # lines of a row that goes on in the next block
        if source.columns:
            self._set_names(list(source.columns))

    def block(self, raw: bytes, last: bool, done: int) -> Batch | None:
        text, damaged = decode(raw, self.source.encoding)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", " ")
        cut = last and not text.endswith("\n")
        if cut and self.source.final_line_break:
            raise Unreadable("the last line has no line break: the file was cut (see final_line_break)")
        if self.names is None:
            header, _, text = text.partition("\n")
            self._set_names(self._header(header))
        quote = self.source.quote
        plain = not damaged and not cut and not self.held and not (quote and quote in text)
        if plain and text and text[0] != "\n" and "\n\n" not in text:
            first = self.line + 1
            self.line += text.count("\n")
            return self._batch(text, np.arange(first, self.line + 1), [], done)
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        return self._parse(lines, cut, damaged, done)

    def finish(self, done: int) -> Batch | None:
        if self.names is None:
            raise Unreadable("the file is empty")
        if self.held:
            raise Unreadable("the file ends within a quoted cell")
        return None

    def _header(self, line: str) -> list[str]:
        row = next(csv.reader([line], delimiter=self.source.delimiter, quotechar=self.source.quote or None))
        return [name.strip() for name in row]

    def _set_names(self, names: list[str]) -> None:
        if len(set(names)) != len(names):
            raise Unreadable("two columns have one name")
        require_columns(self.asked, names)
        self.names = names

    def _parse(self, lines: list[str], cut: bool, damaged: bool, done: int) -> Batch | None:
        """`cut`: the last line has no line break, so a fault in it means that the file was cut."""
        kept, numbers, bad = self._whole_rows(lines, cut)
        if not kept:
            return Batch(self._nothing(), np.array([], np.int64), None, bad, done) if bad else None
        batch = self._batch("\n".join(kept) + "\n", np.array(numbers, np.int64), bad, done)
        if cut and any(row.row == self.line and row.rule == "wrong_column_count" for row in batch.bad):
            raise Unreadable("the last line is cut")
        if not damaged:
            return batch
        broken = [number for number, text in zip(numbers, kept, strict=True) if "\ufffd" in text]
        return replace(batch, undecodable=np.isin(batch.rows, broken).astype(np.uint8))

    def _nothing(self) -> list[pa.Array[Any]]:
        return [pa.array([], pa.string()) for _ in self.asked]

    def _whole_rows(self, lines: list[str], cut: bool) -> tuple[list[str], list[int], list[BadRow]]:
        """Returns rows with closed quotes, their line numbers, and the lines with open quotes."""
        quote = self.source.quote
        first = self.line + 1
        self.line += len(lines)
        if not self.held and (not quote or not any(quote in line for line in lines)):
            numbered = [(line, first + i) for i, line in enumerate(lines) if line]
            return [line for line, _ in numbered], [number for _, number in numbered], []
        if self.source.multiline:
            return self._joined_rows(lines, first, cut)
        kept, numbers, bad = [], [], []
        for number, line in enumerate(lines, first):
            if not line:
                continue
            if line.count(quote) % 2:
                if cut and number == self.line:
                    raise Unreadable("the last line is cut within a quoted cell")
                bad.append(BadRow(number, "malformed_row", self._cells(line)))
            else:
                kept.append(line)
                numbers.append(number)
        return kept, numbers, bad

    def _joined_rows(self, lines: list[str], first: int, cut: bool) -> tuple[list[str], list[int], list[BadRow]]:
        """Rows that may go over several lines: joined until the quotes close."""
        quote = self.source.quote
        kept: list[str] = []
        numbers: list[int] = []
        bad: list[BadRow] = []
        pending = [*self.held, *lines]
        opens = [line.count(quote) % 2 for line in pending]  # or closes, where one is open
        number = first - len(self.held)
        self.held = []
        at = 0
        while at < len(pending):
            if not pending[at]:
                at += 1
                continue
            end, is_open = at + 1, opens[at]
            while is_open and end < len(pending) and end - at <= MULTILINE_MAX:
                is_open ^= opens[end]
                end += 1
            if not is_open:
                kept.append("\n".join(pending[at:end]))
                numbers.append(number + at)
                at = end
            elif end - at > MULTILINE_MAX:
                bad.append(BadRow(number + at, "malformed_row", self._cells(pending[at])))
                at += 1
            else:
                self.held = pending[at:]
                break
        return kept, numbers, bad

    def _cells(self, line: str) -> tuple[str, ...]:
        return tuple(cell.strip().strip(self.source.quote or None) for cell in line.split(self.source.delimiter))

    def _batch(self, text: str, numbers: npt.NDArray[np.int64], bad: list[BadRow], done: int) -> Batch:
        """Returns rows of the right number of columns; the others are reported."""
        wrong: list[BadRow] = []

        def skip(row: arrow_csv.InvalidRow) -> Literal["skip"]:
            wrong.append(BadRow(int(numbers[(row.number or 0) - 1]), "wrong_column_count", self._cells(row.text)))
            return "skip"

        try:
            columns = self._parse_text(text, skip)
        except pa.ArrowInvalid:
            columns = None
        if columns is None or len(columns[0]) + len(wrong) != len(numbers):
            return self._one_by_one(text, numbers, bad, done)
        skipped = [row.row for row in wrong]
        rows = numbers[~np.isin(numbers, skipped)] if skipped else numbers
        return Batch(columns, rows, None, bad + wrong, done)

    def _parse_text(self, text: str, skip: Callable[[arrow_csv.InvalidRow], Literal["skip"]]) -> list[pa.Array[Any]]:
        data = text.encode("utf-8", errors="replace")
        table = arrow_csv.read_csv(
            io.BytesIO(data),
            read_options=arrow_csv.ReadOptions(column_names=self.names, use_threads=False, block_size=len(data) + 1),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.source.delimiter,
                quote_char=self.source.quote or False,
                double_quote=bool(self.source.quote),
                newlines_in_values=self.source.multiline,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names or [], pa.string()),
                include_columns=self.asked,
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return [table.column(name).combine_chunks() for name in self.asked]

    def _one_by_one(self, text: str, numbers: npt.NDArray[np.int64], bad: list[BadRow], done: int) -> Batch:
        """Each row by itself, for the block that the fast parser cannot take apart. Never for `multiline` rows."""
        assert self.names is not None
        places = [self.names.index(name) for name in self.asked]
        rows, cells, wrong = [], [], []
        for number, line in zip(numbers.tolist(), text.split("\n"), strict=False):
            row = next(csv.reader([line], delimiter=self.source.delimiter, quotechar=self.source.quote or None), [])
            if len(row) == len(self.names):
                rows.append(number)
                cells.append([row[place] for place in places])
            else:
                wrong.append(BadRow(number, "wrong_column_count", self._cells(line)))
        return batch_of_rows(rows, cells, self.asked, bad + wrong, done)
