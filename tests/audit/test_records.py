"""Appended records lie in the file byte for byte as docs/audit-format.md says; some records cannot be appended."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import resource
import stat
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.log import AuditLog
from core.audit.reader import How, entry_bytes, read_body, read_header, read_question, read_text
from core.errors import AuditUnavailable
from tests.audit.answers import START_MS, append, shown, subject
from tests.audit.kit import House

KEYS = (bytes(range(32)), bytes(range(32, 64)))


def bodies(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(data) and (length := int.from_bytes(data[at : at + 4], "little")):
        body = data[at + 8 : at + 8 + length]
        assert data[at + 4 : at + 8] == hashlib.sha256(b"\0" + body).digest()[:4]
        assert int.from_bytes(body[8:16], "little") == len(found)
        found.append(body)
        at += 8 + length
    return found


def open_log(path: Path, max_bytes: int = 1 << 20, reserve_bytes: int = 0) -> AuditLog:
    log = AuditLog()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    log.add_segment(descriptor, b"{}", *KEYS, max_bytes, reserve_bytes)
    return log


short = st.binary(max_size=300)
numbers = st.lists(st.integers(0, 2**64), max_size=5)


@given(
    st.lists(
        st.tuples(short, short, short, st.binary(max_size=60), short, numbers, st.integers(0, 2**16 - 1)), max_size=6
    )
)
@settings(max_examples=60, deadline=None)
def test_bytes_are_as_the_page_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[bytes, bytes, bytes, bytes, bytes, list[int], int]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "segment"
    log = open_log(path)
    for identity, case, request, asked_key, asked, subjects, status in rows:
        log.append_record(
            clock_ms=-5,
            latency_us=9,
            method=32,
            purpose=6,
            status=status,
            flags=3,
            identity=identity,
            case_number=case,
            request_id=request,
            asked_key=asked_key,
            asked=asked,
            overlay_sequence=2**63,
            answer_id=subject(4),
            shown=shown(*subjects, level=7, how=4, sections=2**63 + 1),
        )
    log.close()
    found = bodies(path.read_bytes())
    assert found[0][:1] == b"\x01"
    texts = {place: body[16:] for place, body in enumerate(found) if body[0] == 2}
    questions = [body for body in found if body[0] == 3]
    assert len(set(texts.values())) == len(texts), "a text is written once a segment"
    assert len(questions) == len(rows)
    for body, (identity, case, request, asked_key, asked, subjects, status) in zip(questions, rows, strict=True):
        head = struct.unpack_from("<BBBBHHQqIIIIQ16s16sBBHI", body)
        assert head[1:6] == (32, 6, 0, status, 3)
        assert head[7:9] == (-5, 9)
        assert texts.get(head[9], b"") == identity
        assert head[10:14] == (0, len(subjects), 2**63, subject(4))
        assert head[14] == (hmac.digest(KEYS[1], asked_key, "sha256")[:16] if asked_key else bytes(16))
        at = 88
        for row, number in enumerate(subjects):
            keyed = hmac.digest(KEYS[1], subject(number), "sha256")[:16]
            assert body[at : at + 32] == struct.pack("<16sBBBBHBBQ", keyed, 7, 1, 4, 0, row, 0, 0, 2**63 + 1)
            at += 32
        assert body[at : at + len(case[:255]) + len(request[:255])] == case[:255] + request[:255]
        sealed = body[at + head[15] + head[16] :]
        assert len(sealed) == head[18]
        nonce = bytes(4) + body[8:16]
        assert (AESGCM(KEYS[0]).decrypt(nonce, sealed, body[:88]) if asked else sealed) == asked
    _read_by_the_core(path.read_bytes(), found)


def _read_by_the_core(data: bytes, found: list[bytes]) -> None:
    """core.audit.reader gives Python what lies there, and nothing for a record of another kind or half a one."""
    at = 0
    for body in found:
        assert read_body(data, at) == body
        if body[0] == 3:
            head = struct.unpack_from("<BBBBHHQqIIIIQ16s16sBBHI", body)
            end = 88 + 32 * head[11]
            case, request = end + head[15], end + head[15] + head[16]
            entries = [struct.unpack_from("<16sBBBBHBBQ", body, place) for place in range(88, end, 32)]
            assert read_question(data, at) == (
                *(head[6], head[7], head[8], head[1], head[2], head[4], head[5], head[9], head[10], *head[12:15]),
                *(body[end:case], body[case:request]),
                tuple((*entry[:7], entry[8]) for entry in entries),
                *(body[request:], body[:88], None),
            )
        else:
            assert (read_text(data, at) if at else read_header(data)) == body[16:]
            with pytest.raises(ValueError, match="record"):
                read_question(data, at)
        with pytest.raises(ValueError, match="record"):
            read_body(data[: at + 8 + len(body) - 1], at)
        at += 8 + len(body)


@given(
    st.lists(
        st.tuples(st.binary(max_size=70), st.binary(max_size=70), st.binary(max_size=5000), short, st.integers(0, 255)),
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_makes_an_answer_again_is_as_the_page_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[bytes, bytes, bytes, bytes, int]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "segment"
    log = open_log(path)
    for number, (asker, fed, response, asked, small) in enumerate(rows):
        log.append_record(
            clock_ms=5,
            answer_id=subject(number),
            case_number=b"case",
            request_id=b"id",
            asked=asked,
            shown=shown(7),
            response=response,
            asker=asker,
            fed=fed,
            standard=small,
            again_flags=255 - small,
        )
    log.close()
    data = path.read_bytes()
    found = bodies(data)
    texts = {(body[1], place): body[16:] for place, body in enumerate(found) if body[0] == 2}
    questions = [body for body in found if body[0] == 3]
    assert len(questions) == len(rows)
    for body, (asker, fed, response, asked, small) in zip(questions, rows, strict=True):
        assert body[3] == 28
        assert body[120:126] == b"caseid"
        digest, asker_place, fed_place, standard, flags, zero = struct.unpack_from("<16sIIBBH", body, 126)
        assert (texts.get((3, asker_place), b""), texts.get((4, fed_place), b"")) == (asker, fed)
        assert (standard, flags, zero) == (small, 255 - small, 0)
        assert digest == AESGCM(KEYS[0]).encrypt(b"\1\0\0\0" + body[8:16], b"", response)
        sealed = body[154:]
        assert (AESGCM(KEYS[0]).decrypt(bytes(4) + body[8:16], sealed, body[:88]) if asked else sealed) == asked
        read = read_question(data, data.index(body) - 8)
        assert read.again == (digest, asker_place, fed_place, standard, flags)
        assert (read.request_id, read.sealed) == (b"id", sealed)


def test_an_entry_of_a_look_is_drawn_by_the_core() -> None:
    assert entry_bytes(subject(5), How.AUDIT) == struct.pack("<16sBBBBHBBQ", subject(5), 0, 0, 6, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="16"):
        entry_bytes(subject(5)[1:], How.AUDIT)


def test_nothing_asked_or_shown_lies_open_in_the_file(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer() as writer:
        append(writer.log, 2987654321)
    held = b"".join(path.read_bytes() for path in (tmp_path / "audit").rglob("*") if path.is_file())
    assert b"question" not in held
    assert subject(2987654321)[8:] not in held.replace(b"MP-2987654321", b"").replace(
        (START_MS + 2987654321).to_bytes(8, "little"), b""
    ).replace(subject(2987654321), b"")
    for path in (tmp_path / "audit").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    header = json.loads(bodies(next((tmp_path / "audit").rglob("*.seg")).read_bytes())[0][16:])
    assert header["log"] == "worker-0"
    assert header["recipients"][0].keys() == {"key", "sealed"}


def test_a_full_segment_needs_a_next_one(tmp_path: Path) -> None:
    log = open_log(tmp_path / "1", max_bytes=1 << 16)
    with pytest.raises(AuditUnavailable):
        while True:
            log.append_record(clock_ms=0, asked=bytes(1000))
    assert log.needs_segment
    written = log.appended
    descriptor = os.open(tmp_path / "2", os.O_RDWR | os.O_CREAT)
    log.add_segment(descriptor, b"{}", *KEYS, 1 << 16, 0)
    log.append_record(clock_ms=0, asked=bytes(1000))
    assert (log.appended, log.failed) == (written + 1, 1)
    log.close()
    assert log.durable == written + 1
    assert len(bodies((tmp_path / "1").read_bytes())) == written + 1  # and its header
    assert len(bodies((tmp_path / "2").read_bytes())) == 2
    with pytest.raises(AuditUnavailable):
        log.append_record(clock_ms=0)


def test_a_full_disk_stops_answers_and_free_space_lets_them_go_on(tmp_path: Path) -> None:
    """A limit of this process on file sizes stands for the full disk: setting space aside fails."""
    log = open_log(tmp_path / "1", max_bytes=64 << 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, hard))
    try:
        with pytest.raises(AuditUnavailable):
            while True:
                log.append_record(clock_ms=0, asked=bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    written = log.appended
    assert written * 100_000 < 20 << 20
    log.append_record(clock_ms=0, asked=bytes(100_000))
    log.close()
    assert len(bodies((tmp_path / "1").read_bytes())) == written + 2


def test_a_disk_that_is_full_for_a_while_stops_no_answer(tmp_path: Path) -> None:
    """Wherever the log stands when that begins: four MiB at least are set aside beyond it."""
    for written in (0, 20, 39, 41, 80):
        log = open_log(tmp_path / str(written), max_bytes=64 << 20)
        for _ in range(written):
            log.append_record(clock_ms=0, asked=bytes(100_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / str(written)).stat().st_size, hard))
        try:
            for _ in range(40):
                log.append_record(clock_ms=0, asked=bytes(100_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        log.close()


def test_the_reserve_of_the_disk_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        open_log(tmp_path / "1", reserve_bytes=1 << 60)


def test_a_record_that_no_segment_can_hold(tmp_path: Path) -> None:
    log = open_log(tmp_path / "1", max_bytes=1 << 16)
    with pytest.raises(AuditUnavailable):
        log.append_record(clock_ms=0, asked=bytes(1 << 16))
    log.append_record(clock_ms=0)  # one that fits goes on
    with pytest.raises(ValueError, match="16 bytes"):
        log.append_record(clock_ms=0, answer_id=b"short")
    with pytest.raises(ValueError, match="whole number"):
        log.append_record(clock_ms=0, shown=b"half an entry")
    log.close()


def test_answer_after_fsync_waits_for_the_disk(tmp_path: Path) -> None:
    house = House(tmp_path)

    async def ask(count: int) -> None:
        async def one(number: int) -> None:
            append(writer.log, 2)
            wanted = writer.log.appended
            await writer.durable()
            assert writer.log.durable >= wanted

        await asyncio.gather(*(one(number) for number in range(count)))

    with house.writer(waits=True, segment_bytes=1 << 20) as writer:
        asyncio.run(ask(200))
        assert writer.log.durable == 200
        writer.log.stop()

        async def in_vain() -> None:
            with pytest.raises(AuditUnavailable):
                append(writer.log, 1)
            await writer.durable()  # all that was written is there

        asyncio.run(in_vain())


def test_a_new_day_begins_a_new_segment(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer() as writer:
        append(writer.log, 1)
        house.now_ms += 86_400_000
        for _ in range(100):
            if len(list((tmp_path / "audit").rglob("*.seg"))) == 2:
                break
            asyncio.run(asyncio.sleep(0.05))
        append(writer.log, 2)
    first, second = (bodies(path.read_bytes()) for path in sorted((tmp_path / "audit").rglob("*.seg")))
    assert [body[0] for body in first] == [1, 2, 2, 3] == [body[0] for body in second]
