"""Two ways to read a block, two ways to write a message: they come to the same."""

from __future__ import annotations

import csv
import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.agency.batches import batches_of
from clients.agency.blocks import read_blocks
from clients.agency.columns import Columns
from clients.agency.rows import Asked, BlockReader, asked_of
from ronda.v1 import clearance_service_pb2 as contract

CUI = st.text("0123456789", min_size=13, max_size=13)
CELL = st.one_of(CUI, st.text("0123456789ab =,;\"'ñ", max_size=15))


@given(st.lists(CUI, min_size=1, max_size=2_500))
def test_packed_bytes_are_protobufs(cuis: list[str]) -> None:
    digits = np.frombuffer("".join(cuis).encode(), np.uint8).reshape(len(cuis), 13)
    packed = [batch.message for batch in batches_of(Asked(np.arange(len(cuis)), digits))]
    plain = [batch.message for batch in batches_of(Asked(np.arange(len(cuis)), cuis))]
    assert packed == plain
    read = [cui for message in packed for cui in contract.ClearRequest.FromString(message).cuis]
    assert read == cuis


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=30), st.booleans())
def test_a_block_is_read_alike_both_ways(rows: list[tuple[str, str]], breaks: bool) -> None:
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator="\r\n" if breaks else "\n").writerows(rows)
    data = held.getvalue().encode()
    columns = Columns({"cui": (1,)}, sure=True)
    reader = BlockReader(columns, 2, ",")
    fast, slow = reader._fast(data, 5), reader._slow(data, 5)
    if fast is None:
        return
    assert fast.numbers.tolist() == slow.numbers.tolist()
    assert [column.to_pylist() for column in fast.given] == [column.to_pylist() for column in slow.given]
    assert (fast.total, fast.blank, slow.broken) == (slow.total, slow.blank, {})
    first, second = asked_of(fast, columns), asked_of(slow, columns)
    assert fast.broken == slow.broken
    assert [batch.message for batch in batches_of(first)] == [batch.message for batch in batches_of(second)]


@settings(max_examples=200)
@given(st.binary(max_size=400).map(lambda data: data.replace(b"\x00", b"\n")), st.integers(2, 64))
def test_blocks_are_the_file(data: bytes, size: int) -> None:
    """Every byte is in one block, each block begins where one ended, and reading on at any of them gives the rest."""
    file = io.BytesIO(data)
    blocks = list(read_blocks(file, 0, size))
    assert [block.start for block in blocks] == [0, *(block.end for block in blocks)][: len(blocks)]
    assert all(block.data == data[block.start : block.end] for block in blocks if not block.broken)
    assert (blocks[-1].end if blocks else 0) == len(data)
    for place, block in enumerate(blocks):
        assert list(read_blocks(file, block.start, size)) == blocks[place:]


def test_quoted_line_breaks_stay_in_their_row() -> None:
    rows = [[str(number), "uno\ndos, tres"] for number in range(200)]
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator="\n").writerows(rows)
    blocks = list(read_blocks(io.BytesIO(held.getvalue().encode()), 0, 64))
    assert len(blocks) > 50
    read = [row for block in blocks for row in csv.reader(io.StringIO(block.data.decode(), newline=""))]
    assert read == rows
