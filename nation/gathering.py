"""Puts the blocks' parts together, in block order: bytes are appended, Parquet parts become row groups, sheets rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from nation.workbooks import Workbook

SHEET_SUFFIX = ".sheet.parquet"  # <workbook>.<sheet>.sheet.parquet: rows of a sheet, all text


class Gathering:
    """Open output files of a nation. `add` blocks in order, then `close`."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._plain: dict[Path, BinaryIO] = {}
        self._parquet: dict[Path, pq.ParquetWriter] = {}
        self._workbooks: dict[Path, Workbook] = {}

    def add(self, folder: Path) -> None:
        """Appends every part of a block."""
        for part in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = part.relative_to(folder)
            target = self._out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if part.name.endswith(SHEET_SUFFIX):
                book, sheet = part.name.removesuffix(SHEET_SUFFIX).split(".", 1)
                self._workbook(target.parent / f"{book}.xlsx").append(sheet, pq.read_table(part))
            elif part.suffix == ".parquet":
                self._append_parquet(target, part)
            else:
                self._append_plain(target, part)

    def close(self) -> None:
        """Finishes every file, also after an error."""
        closers: list[Callable[[], object]] = [file.close for file in self._plain.values()]
        closers += [writer.close for writer in self._parquet.values()]
        closers += [book.close for book in self._workbooks.values()]
        for close in closers:
            close()

    def _workbook(self, path: Path) -> Workbook:
        if path not in self._workbooks:
            self._workbooks[path] = Workbook(path)
        return self._workbooks[path]

    def _append_plain(self, target: Path, part: Path) -> None:
        if target not in self._plain:
            self._plain[target] = target.open("wb")
        with part.open("rb") as source:
            shutil.copyfileobj(source, self._plain[target], 1 << 20)

    def _append_parquet(self, target: Path, part: Path) -> None:
        table = pq.read_table(part)
        if target not in self._parquet:
            self._parquet[target] = pq.ParquetWriter(target, table.schema, compression="zstd")
        self._parquet[target].write_table(table)
