"""core.wire against google.protobuf: what one writes the other reads, and hostile bytes are refused by both."""

from __future__ import annotations

import pytest
from google.protobuf import empty_pb2, timestamp_pb2
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from core.wire import decode_fields, encode_fields, is_utf8
from ronda.v1 import clearance_service_pb2, value_pb2

numbers = st.integers(1, 2**29 - 1).filter(lambda number: not 19000 <= number <= 19999)
scalar_fields = st.one_of(
    st.tuples(numbers, st.just("uint"), st.integers(0, 2**64 - 1)),
    st.tuples(numbers, st.just("int"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(numbers, st.just("fixed32"), st.integers(0, 2**32 - 1)),
    st.tuples(numbers, st.just("fixed64"), st.integers(0, 2**64 - 1)),
    st.tuples(numbers, st.just("bytes"), st.binary(max_size=300)),
    st.tuples(numbers, st.just("packed"), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50)),
)
fields = st.recursive(
    scalar_fields, lambda inner: st.tuples(numbers, st.just("message"), st.lists(inner, max_size=6)), max_leaves=20
)


def reference_fields(data: bytes) -> list[tuple[int, int, object]]:
    """The fields of a message as google.protobuf sees them, all unknown to Empty."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    message = empty_pb2.Empty.FromString(data)
    return [(field.field_number, field.wire_type, field.data) for field in UnknownFieldSet(message)]  # type: ignore[attr-defined]


@given(st.lists(fields, max_size=10))
def test_protobuf_reads_what_we_write(written: list[tuple[int, str, object]]) -> None:
    data = encode_fields(written)
    assert decode_fields(data) == reference_fields(data)
    assert [number for number, _, _ in decode_fields(data)] == [number for number, _, _ in written]


@given(st.integers(0, 70_000))
def test_nested_lengths_take_as_few_bytes_as_they_can(size: int) -> None:
    for number in range(1, 6):  # each stands for another guess of the length's size
        data = encode_fields([(number, "message", [(1, "bytes", bytes(size))])])
        assert data == encode_fields([(number, "bytes", encode_fields([(1, "bytes", bytes(size))]))])


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.integers(0, 3)), st.integers(-(2**63), 2**63 - 1))
def test_typed_messages(row_ids: list[int], results: list[int], seconds: int) -> None:
    data = encode_fields([(5, "packed", row_ids), (6, "packed", results), (3, "message", [(1, "int", seconds)])])
    message = clearance_service_pb2.ClearResponse.FromString(data)
    assert list(message.row_ids) == row_ids
    assert list(message.results) == results
    assert message.answered_at == timestamp_pb2.Timestamp(seconds=seconds)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 12), st.integers(0, 31))
def test_our_bytes_equal_protobufs(year: int, month: int, day: int) -> None:
    stated = [(number, "int", value) for number, value in ((1, year), (2, month), (3, day)) if value]
    message = value_pb2.PartialDate(year=year, month=month, day=day)
    assert encode_fields(stated) == message.SerializeToString(deterministic=True)


@example(b"\x01\x80\x80\x02\x00\x00\n\xff\x08\x08\x02")
@given(st.binary(max_size=60))
def test_random_bytes_are_judged_as_protobuf_judges_them(data: bytes) -> None:
    try:
        found = decode_fields(data)
    except ValueError as error:
        if any(rule in str(error) for rule in ("group", "64 bits", "field number")):
            return  # stricter than protobuf, which skips groups, drops bits of overlong varints, lets some zeros pass
        with pytest.raises(DecodeError):
            empty_pb2.Empty.FromString(data)
    else:
        assert found == reference_fields(data)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"\x08", "end within a field"),
        (b"\x08\x80", "end within a field"),
        (b"\x0d\x01\x02", "end within a field"),
        (b"\x09\x01\x02\x03\x04", "end within a field"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "longer than 64 bits"),
        (b"\x08" + b"\x80" * 10 + b"\x01", "longer than 64 bits"),
        (b"\x00\x01", "field number"),
        (b"\x80\x80\x80\x80\x10\x01", "field number"),
        (b"\x0b\x0c", "group"),
        (b"\x0e\x01", "wire type"),
        (b"\x0f\x01", "wire type"),
        (b"\x0a\x05abc", "past the end"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abc", "past the end"),
    ],
)
def test_hostile_bytes_are_refused_by_rule(data: bytes, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        decode_fields(data)


def check_utf8(data: bytes) -> None:
    try:
        data.decode("utf-8")
        valid = True
    except UnicodeDecodeError:
        valid = False
    assert is_utf8(data) is valid


@given(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode)))
def test_utf8_as_python_judges_it(data: bytes) -> None:
    check_utf8(data)


def test_utf8_edges() -> None:
    for first in range(256):
        for second in (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF):
            for tail in (b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"a"):
                check_utf8(bytes([first, second]) + tail)
