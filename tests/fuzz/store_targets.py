"""Readers of the store: protobuf fields, keys.mdb, plates.bin, dossiers. They answer or refuse.

Checksums would keep a fuzzer out of what lies behind them, so the targets set those of trailers right first.
"""

from __future__ import annotations

import ctypes
import struct
import tempfile
from pathlib import Path
from typing import Any

import xxhash

from core import wire as compiled_wire
from core.files.output import OutputFile
from core.generation import bounds, plates
from core.generation import keys as keys_reader
from core.generation import store as generation
from core.generation.plates_writer import PlateRows
from tests.core.generation.generation_kit import build, entity, record
from tests.fuzz.c_functions import c_function, exact, room

_int, _uint, _long, _hash = ctypes.c_int, ctypes.c_uint32, ctypes.c_int64, ctypes.c_uint64
_size, _address = ctypes.c_size_t, ctypes.c_void_p
STRUCT_BYTES = 1024  # more than any struct that the functions below fill
HEADER = TRAILER = 64
HOLDERS = 64
KEYS_TRIED = (0, 1, 0x1111111111111111, 0x2222222222222222, 0xABCDEF, 2**64 - 1)

valid_utf8 = c_function(compiled_wire, "valid_utf8", _int, _address, _size)
keys_open = c_function(keys_reader, "keys_open", _address, _address, _address, _hash)
keys_close = c_function(keys_reader, "keys_close", None, _address)
keys_find = c_function(keys_reader, "keys_find", _long, _address, _hash, _address, _size)
keys_walk = c_function(keys_reader, "keys_walk", _int, _address, _address, _address)
plates_open = c_function(plates, "plates_open", _address, _address, _address, _hash)
_texts = (_address, _size) * 4  # pattern, type, make, colour
plate_scan = c_function(plates, "plate_scan", _int, _address, _address, *_texts, _uint)
plate_next = c_function(plates, "plate_next", _int, _address, _address)
plate_exists = c_function(plates, "plate_exists", _int, _address, _address, _size, _address, _size, _address, _size)
dossier_inside = c_function(bounds, "dossier_inside", _int, _address, _uint)
dossier_identifier = c_function(generation, "dossier_identifier", _int, _address, ctypes.c_uint8, _address, _size, _int)
visit = ctypes.CFUNCTYPE(_int, _address, _hash, _uint)(lambda context, hash_, entity_: 0)


def wire(data: bytes) -> None:
    with exact(data) as text:
        assert bool(valid_utf8(text, len(data))) is compiled_wire.is_utf8(data)
    try:
        fields = compiled_wire.decode_fields(data)
    except ValueError:
        return
    again = [(n, ("uint", "fixed64", "bytes", "", "", "fixed32")[kind], value) for n, kind, value in fields]
    assert compiled_wire.decode_fields(compiled_wire.encode_fields(again)) == fields


def wire_seeds() -> list[bytes]:
    return [bytes(record(0, "a", name="ANA", message={"cui": "1", "sex": 1})["payload"]), "ñ€😀".encode()]


def keys(data: bytes) -> None:
    with exact(data) as file, room(STRUCT_BYTES) as opened, room(HOLDERS * 4) as found:
        if keys_open(opened, file, len(data)):
            return
        try:
            for key in KEYS_TRIED:
                assert keys_find(opened, key, found, HOLDERS) >= -1
            assert keys_walk(opened, visit, None) in (0, -1)
        finally:
            keys_close(opened)


def lmdb_page(number: int, flags: int, nodes: list[bytes]) -> bytes:
    """A page of 512 bytes with its nodes from the end."""
    offsets, body = [], b""
    for node in nodes:
        body = node + b"\0" * (len(node) & 1) + body
        offsets.append(512 - len(body))
    head = struct.pack("<QHHHH", number, 0, flags, 16 + 2 * len(nodes), 512 - len(body))
    head += struct.pack(f"<{len(offsets)}H", *offsets)
    return head + bytes(512 - len(head) - len(body)) + body


def leaf_node(flags: int, key: bytes, value: bytes) -> bytes:
    return struct.pack("<HHHH", len(value), 0, flags, len(key)) + key + value


def branch_node(page: int, key: int) -> bytes:
    return struct.pack("<HHHHQ", page, 0, 0, 8, key)


def eight(key: int) -> bytes:
    return key.to_bytes(8, "little")


def keys_seeds() -> list[bytes]:
    """LMDB's format by hand, with pages of 512 bytes: branch, leaves, a sub-page and a tree of entities."""
    database = struct.pack("<IHHQQQQQ", 0, 0x3C, 2, 1, 2, 0, 8, 4)
    meta = struct.pack("<IIQQ", 0xBEEFC0DE, 1, 0, 1 << 20) + struct.pack("<IHHQQQQQ", 512, 8, 0, 0, 0, 0, 0, 2**64 - 1)
    meta += struct.pack("<IHHQQQQQ", 0, 0, 1, 0, 1, 0, 2, 2) + struct.pack("<QQ", 8, 1)
    first = struct.pack("<QHHHH", 0, 0, 8, 0, 0) + meta
    sub_page = struct.pack("<QHHHH", 0, 4, 0x62, 16 + 4, 0) + struct.pack("<II", 3, 9)
    tree = struct.pack("<IHHQQQQQ", 4, 0, 1, 0, 1, 0, 3, 6)
    many = (struct.pack("<QHHHH", 6, 4, 0x22, 16 + 6, 512) + struct.pack("<III", 1, 2, 3)).ljust(512, b"\0")
    pages = [
        first.ljust(512, b"\0"),
        first.ljust(512, b"\0"),
        lmdb_page(2, 2, [leaf_node(2, b"keys", database), leaf_node(0, b"ronda.build", bytes(8))]),
        lmdb_page(3, 2, [leaf_node(0, struct.pack("<Q", key), struct.pack("<I", 5)) for key in (0, 1)]),
        lmdb_page(4, 1, [branch_node(3, 0), branch_node(5, KEYS_TRIED[2])]),
        lmdb_page(5, 2, [leaf_node(4, eight(KEYS_TRIED[2]), sub_page), leaf_node(6, eight(KEYS_TRIED[3]), tree)]),
        many,
    ]
    seed = b"".join(pages)
    assert keys_reader.read_keys(seed, [0, 1, KEYS_TRIED[2], KEYS_TRIED[3], 7]) == [[5], [5], [3, 9], [1, 2, 3], []]
    return [seed]


def with_trailer(data: bytes, magic: bytes, table_end: int) -> bytes:
    """Sets the checksums of a trailer and of the table that it points to right."""
    trailer = bytearray(data[-TRAILER:])
    trailer[:8] = magic
    table = int.from_bytes(trailer[8:16], "little")
    trailer[24:32] = xxhash.xxh3_64_intdigest(data[table:table_end]).to_bytes(8, "little")
    trailer[56:] = xxhash.xxh3_64_intdigest(bytes(trailer[:56])).to_bytes(8, "little")
    return data[:-TRAILER] + bytes(trailer)


def plates_fuzz(data: bytes) -> None:
    """First byte: which pattern; the rest: the file, as it is and with its trailer's checksums set right."""
    patterns = (b"*", b"1?3*", b"123BCD", b"?*?*?*?*?*?*?*?", b"*D")
    pattern = patterns[data[0] % len(patterns)] if data else b"*"
    files = [data[1:]]
    if len(data) > HEADER + TRAILER:
        files.append(with_trailer(data[1:], b"RNDPLATE", len(data) - 1 - TRAILER))
    for content in files:
        with exact(content) as file, room(STRUCT_BYTES) as opened, room(STRUCT_BYTES) as scan, room(8) as row:
            if plates_open(opened, file, len(content)):
                continue
            with exact(pattern) as text, exact(b"TOY") as make, exact(b"ROJO") as colour, exact(b"GTM") as country:
                assert plate_scan(opened, scan, text, len(pattern), None, 0, make, 3, colour, 4, 2015) == 0
                while plate_next(scan, row) == 1:
                    pass
                assert plate_exists(opened, text, min(len(pattern), 10), None, 0, country, 3) in (0, 1, -1)


def plates_fuzz_seeds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as directory:
        rows = PlateRows()
        for number in range(20):
            rows.append(f"1{number:02}BCD".encode(), b"P", b"GTM", b"TOYOTA", b"ROJO", 2015, number)
        file = OutputFile(Path(directory) / "plates.bin", b"RNDPLATE", 1)
        rows.write(file)
        file.finish()
        return [bytes([which]) + (Path(directory) / "plates.bin").read_bytes() for which in range(5)]


def dossiers(data: bytes) -> None:
    """Returns dossiers: the whole input is one, with a checksum that is taken to hold."""
    if len(data) < 96:
        return
    with exact(data) as dossier:
        if not dossier_inside(dossier, len(data)):
            return
        for text in (b"", b"1", b"GTM:123BCD", b"1234567890101", b"A123456", bytes(16)):
            with exact(text) as wanted:
                for kind in range(15):
                    assert dossier_identifier(dossier, kind, wanted, len(text), 0) >= -1


def dossiers_seeds() -> list[bytes]:
    person = record(
        0, "a", cui="1234567890101", document_country="SLV", document_number="A123456", name="ANA", link_criterion=1
    )
    vehicle: dict[str, Any] = {
        "entity": 1,
        "register": 1,
        "subject": 2,
        "vin": "1HGCM82633A004352",
        "link_criterion": 13,
    }
    plate: dict[str, Any] = {"plate": "123BCD", "plate_type": "P", "plate_country": "GTM"}
    with tempfile.TemporaryDirectory() as directory:
        records = [
            person,
            record(0, "w", register=2, section=5, alert_kind=1, alert_state=1),
            record(record_id="v", section=33, **vehicle, **plate),
            record(record_id="o", section=34, owner_entity=0, owner_level=5, **vehicle),
        ]
        build(Path(directory), [entity(0), entity(1, 4)], records)
        opened = generation.Generation.open(directory)
        return [opened.dossier(0), opened.dossier(1)]
