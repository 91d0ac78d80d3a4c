"""One pass over the file under one generation: read ahead, asked in a window, written in input order, checkpointed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from clients.agency.answers import Judged
from clients.agency.batches import batches_of
from clients.agency.blocks import Block, count_rows, read_blocks
from clients.agency.checkpoint import Checkpoint, Progress
from clients.agency.columns import Columns
from clients.agency.engine import Asking
from clients.agency.lines import lines_of
from clients.agency.outputs import Files
from clients.agency.rows import Asked, BlockReader, Rows, asked_of
from clients.agency.saving import Saver
from clients.agency.source import Source


@dataclass(frozen=True)
class Part:
    """Part `number` of `of`: the blocks that begin in its share of the bytes. Parts joined are the whole."""

    number: int = 1
    of: int = 1

    def bounds(self, source: Source) -> tuple[int, int]:
        """First byte at which a block of it may begin, and the one behind the last."""
        size = source.size - source.start
        return source.start + size * (self.number - 1) // self.of, source.start + size * self.number // self.of


@dataclass
class _Under:
    """A block with batches in progress."""

    block: Block
    rows: Rows
    asked: Asked
    answers: list[Future[Judged]]


def where_part_begins(source: Source, part: Part) -> tuple[int, int]:
    """Byte and row number of a part's first block: those before it are counted, not asked."""
    begin, _ = part.bounds(source)
    row = source.first_row
    if begin <= source.start:
        return source.start, row
    with source.path.open("rb") as file:
        for block in read_blocks(file, source.start):
            if block.start >= begin:
                return block.start, row
            row += count_rows(block, source.delimiter)
    return source.size, row


def run_pass(
    source: Source,
    columns: Columns,
    part: Part,
    asking: Asking,
    checkpoint: Checkpoint,
    files: Files,
    saver: Saver,
    told: Callable[[Progress], None],
) -> None:
    """Judges from the checkpoint's last pass to the end; `saver` is open. `told`: shows the progress.

    Raises the errors of `asking`, OSError. The checkpoint is then of the last block that was written whole; when the
    run continues, later output is cut off.
    """
    _, end = part.bounds(source)
    reader = BlockReader(columns, len(source.names), source.delimiter)
    under: deque[_Under] = deque()
    row = checkpoint.passes[-1].row

    def write_oldest() -> None:
        oldest = under.popleft()
        answers = [asking.wait(answer) for answer in oldest.answers]
        lines = lines_of(oldest.rows, oldest.asked, answers)
        files.add(lines)
        checkpoint.passes[-1] = checkpoint.passes[-1].after(
            oldest.block.end,
            len(oldest.rows.numbers),
            oldest.rows.blank,
            files.lengths(),
            (lines.counts, lines.rules),
            [answer.changes_to for answer in answers],
            sample=any(answer.sample for answer in answers),
        )
        saver.now_and_then()
        told(checkpoint.passes[-1])

    told(checkpoint.passes[-1])
    with source.path.open("rb") as file:
        for block in read_blocks(file, checkpoint.passes[-1].offset):
            if block.start >= end:
                break
            rows = reader.read(block, row)
            row += rows.total
            asked = asked_of(rows, columns)
            under.append(_Under(block, rows, asked, [asking.ask(batch) for batch in batches_of(rows, asked)]))
            if len(under) > asking.ahead:
                write_oldest()
        while under:
            write_oldest()
    checkpoint.passes[-1] = replace(checkpoint.passes[-1], done=True)
