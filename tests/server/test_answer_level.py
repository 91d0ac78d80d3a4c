"""The level read from an answer's bytes equals the level of the parsed message, whatever the bytes."""

from __future__ import annotations

from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]
from hypothesis import given
from hypothesis import strategies as st

from ronda.v1 import check_service_pb2, level_pb2
from server.calls.answer_level import LEVEL_NAMES, answer_level


@given(level=st.sampled_from(level_pb2.Level.values()), notes=st.integers(0, 3000), hits=st.integers(0, 5))
def test_level_of_a_message(level: int, notes: int, hits: int) -> None:
    response = check_service_pb2.CheckPersonResponse()
    response.answer.level = level  # type: ignore[assignment]
    response.answer.notes.add(code="X", text="n" * notes)
    for _ in range(hits):
        response.answer.hits.add()
    response.person.subject_id = "s"
    assert answer_level(response.SerializeToString()) == level


@given(level=st.integers(1, 5), before=st.integers(0, 300))
def test_level_after_other_fields(level: int, before: int) -> None:
    inner = b"\x1a" + _VarintBytes(before) + b"x" * before + b"\x28\x07" + b"\x08" + bytes([level])
    response = b"\x12\x02ab\x20\x05" + b"\x0a" + _VarintBytes(len(inner)) + inner
    assert answer_level(response) == level


@given(st.binary(max_size=60))
def test_any_bytes_have_some_level(data: bytes) -> None:
    assert 0 <= answer_level(data) < len(LEVEL_NAMES)
    assert 0 <= answer_level(b"\x0a" + data) < len(LEVEL_NAMES)
