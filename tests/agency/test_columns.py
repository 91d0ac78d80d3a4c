"""Two ways to read a block, two ways to write a message: they come to the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.agency.answers import Judged, judged, read_answer
from clients.agency.batches import batches_of, packed_ids
from clients.agency.blocks import Block, read_blocks
from clients.agency.columns import Columns
from clients.agency.failures import HalfAnswer
from clients.agency.lines import lines_of
from clients.agency.results import given_columns, outcome_of, result_columns
from clients.agency.rows import Asked, BlockReader, Rows, _asked_row_by_row, asked_of
from ronda.v1 import clearance_service_pb2 as contract

CUI = st.text("0123456789", min_size=13, max_size=13)
CELL = st.one_of(CUI, st.text("0123456789ab =,;\"'ñ", max_size=15))


def _messages(rows: Rows, asked: Asked) -> list[bytes]:
    return [batch.message for batch in batches_of(rows, asked)]


@given(st.lists(st.one_of(CUI, CELL), min_size=1, max_size=30), st.sampled_from([1, 7, 100]), st.integers(0, 1 << 33))
def test_packed_bytes_are_protobufs(some: list[str], times: int, first: int) -> None:
    cuis = some * times
    rows = Rows(np.arange(first, first + len(cuis)), [])
    packed = _messages(rows, Asked(np.arange(len(cuis)), pa.array(cuis)))
    assert packed == _messages(rows, Asked(np.arange(len(cuis)), cuis))
    read = [contract.ClearRequest.FromString(message) for message in packed]
    assert [cui for request in read for cui in request.cuis] == cuis
    ids = [number for request in read for number in request.row_ids]
    assert len(set(ids)) == len(ids) == len(cuis), "no two batches are the same bytes"


@settings(max_examples=300)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=30),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE]),
    st.sampled_from([(1,), (0, 1)]),
)
def test_a_block_is_read_alike_both_ways(
    rows: list[tuple[str, str]], breaks: bool, quoting: Any, places: tuple[int, ...]
) -> None:
    end = "\r\n" if breaks else "\n"
    held = io.StringIO(newline="")
    if quoting == csv.QUOTE_NONE:  # as people type it: quotes wherever they fall
        held.write("".join(f"{first},{second}{end}" for first, second in rows))
    else:
        csv.writer(held, lineterminator=end, quoting=quoting).writerows(rows)
    _alike(held.getvalue().encode(), Columns({"cui": places}, sure=True))


NAME = st.one_of(
    st.text("ANa ñÍ.-", max_size=12),
    st.sampled_from(
        ["", "Ana", " Ana", "Ana\u00a0", "A\u0301lex", "Per?z", "GarcÃ\xada", "'Ana", "=Ana", "O'Neill", "A" * 1001]
    ),
)
DATE = st.sampled_from(["", "3/2/1980", "1980-02-03", "31/2/1980", "3/2/80", "19800203", " 3/2/1980", "ayer", "=1"])


@settings(max_examples=300)
@given(st.lists(st.tuples(NAME, DATE), min_size=1, max_size=30), st.sampled_from([("name", "born"), ("born", "name")]))
def test_names_and_dates_are_read_alike_both_ways(rows: list[tuple[str, str]], order: tuple[str, str]) -> None:
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator="\n").writerows(rows)
    places = {"name": (0,), "born": (1,)}
    _alike(held.getvalue().encode(), Columns({name: places[name] for name in order}, sure=True))


@settings(max_examples=300)
@given(st.lists(st.sampled_from([b"1", b"2357111360101", b",", b'"', b"\n", b"\r", b" ", b"\xff", b"\xc2\xa0", b"\0"])))
def test_any_bytes_are_read_alike_both_ways(pieces: list[bytes]) -> None:
    _alike(b"".join(pieces), Columns({"cui": (1,)}, sure=True))
    _alike(b"".join(pieces), Columns({"cui": (0,)}, sure=True), width=1)


def _alike(data: bytes, columns: Columns, width: int = 2) -> None:
    reader = BlockReader(columns, width, ",")
    fast = reader._fast(data, 5) if data else None
    if fast is None:
        return
    slow = reader._slow(data, 5)
    assert fast.numbers.tolist() == slow.numbers.tolist()
    assert [column.to_pylist() for column in fast.given] == [column.to_pylist() for column in slow.given]
    assert (fast.total, fast.blank, slow.broken) == (slow.total, slow.blank, {})
    first, second = asked_of(fast, columns), asked_of(slow, columns)
    assert fast.broken == slow.broken
    assert _messages(fast, first) == _messages(slow, second)
    plainly = reader.read(Block(0, len(data), data), 5)
    row_by_row = _asked_row_by_row(plainly, columns)
    assert plainly.broken == fast.broken
    assert _messages(plainly, row_by_row) == _messages(fast, first)


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


RULE = st.sampled_from(["checksum", "line break", "=odd, rule"])


@given(
    st.lists(st.tuples(CELL, st.integers(0, 5), st.integers(0, 40), st.booleans()), min_size=1, max_size=30),
    st.text("ab:?; =,\"'\n", max_size=12),
    RULE,
)
def test_the_lines_say_what_the_columns_say(rows: list[tuple[str, int, int, bool]], told: str, rule: str) -> None:
    """As columns for any engine and as CSV for a clerk: the same cells."""
    count = len(rows)
    given = Rows(np.arange(2, 2 + count), [pa.array([cell for cell, *_ in rows])])
    results = np.array([result for _, result, _, _ in rows], np.uint8)
    answer = Judged(
        results,
        np.array([reason for _, _, reason, _ in rows], np.uint8),
        {place: told for place, row in enumerate(rows) if row[3] and row[1] != 5},
        dict.fromkeys(np.flatnonzero(results == 5).tolist(), ("cuis", rule)),
    )
    asked = Asked(np.arange(count), given.given[0])
    lines = lines_of(given, asked, [answer])
    outcome = outcome_of(given, asked, [answer])
    columns = [given.numbers.astype(str).tolist()]
    columns += [column.to_pylist() for column in (*given_columns(given), *result_columns(outcome))]
    read = list(csv.reader(io.StringIO(bytes(lines.results).decode(), newline="")))
    assert read == [list(row) for row in zip(*columns, strict=True)]
    assert lines.counts.total() == count
    assert lines.rules.total() == len(answer.rules) == bytes(lines.rejects).count(b"\n")
    assert bytes(lines.review).count(b"\n") == sum(row[-2].startswith("REVIEW") for row in read)


ROW_COUNTS = st.sampled_from([1, 2, 127, 1000])
STARTS = st.sampled_from([0, 1, 100, 16_000, 16_380, 2_097_000, 268_435_000, 4_294_000_000])


@given(STARTS, ROW_COUNTS, st.data())
def test_an_answer_is_read_as_protobuf_reads_it(first: int, rows: int, data: st.DataObject) -> None:
    ids = range(first, first + rows)
    assert contract.ClearRequest(row_ids=ids).SerializeToString().endswith(packed_ids(ids))
    answer = contract.ClearResponse(generation_id="g", answer_id="a", row_ids=ids)
    answer.registers.add(register_id="oj", name="Organismo Judicial")
    drawn: list[Any] = data.draw(st.lists(st.sampled_from([0, 1, 2, 5, 127, 128, 255]), min_size=1, max_size=8))
    reason: Any = data.draw(st.integers(0, 20))
    answer.results.extend((drawn * rows)[:rows])
    answer.reasons.extend([reason] * rows)
    for place in sorted(data.draw(st.sets(st.integers(0, rows - 1), max_size=3))):
        answer.reference_rows.append(place)
        answer.references.add(register_id="oj", record_id=f"{place}", possible=bool(place % 2))
    for place, result in enumerate(answer.results):
        if result == contract.CLEARANCE_RESULT_INVALID:
            answer.row_errors.add(row_id=ids[place], field="cuis", rule="checksum")
    message = answer.SerializeToString()
    for each in (message, *_damaged(message, data)):
        assert _told(lambda: read_answer(each, ids, packed_ids(ids), "g")) == _told(  # noqa: B023
            lambda: judged(contract.ClearResponse.FromString(each), ids, "g")  # noqa: B023
        )


def _damaged(message: bytes, data: st.DataObject) -> list[bytes]:
    """Cut, a byte changed, another message behind it: the columns in pieces."""
    at = data.draw(st.integers(0, len(message) - 1))
    one: Any = [1]
    more = contract.ClearResponse(row_ids=one, results=one, reasons=one).SerializeToString()
    changed = bytes([message[at] ^ data.draw(st.integers(1, 255))])
    return [message[:at], message[:at] + changed + message[at + 1 :], message + more, more + message]


def _told(read: Callable[[], Judged]) -> Any:
    """Returns what was read; None: it is not whole."""
    try:
        found = read()
    except (HalfAnswer, DecodeError):
        return None
    return found.results.tobytes(), found.reasons.tobytes(), found.references, found.rules
