"""names.bin: any bytes as a file, with its checksums set right, are read, searched or refused."""

from __future__ import annotations

import ctypes
import struct
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from core.errors import GenerationDamaged
from core.linking.index import ASKED_FIELDS, CLAIM_FIELDS, NameIndex, build_names
from core.linking.sweep import NameSweep
from core.name_index import file as name_index_file
from tests.fuzz.c_functions import c_function, exact, room
from tests.fuzz.store_targets import HEADER, STRUCT_BYTES, TRAILER, with_trailer

_int, _uint, _long, _hash = ctypes.c_int, ctypes.c_uint32, ctypes.c_int64, ctypes.c_uint64
_address, _size = ctypes.c_void_p, ctypes.c_size_t

names_open = c_function(name_index_file, "names_open", _address, _address, _address, _hash)
names_close = c_function(name_index_file, "names_close", None, _address)
token_find = c_function(name_index_file, "token_find", _uint, _address, _address, _size)
term_tokens = c_function(name_index_file, "term_tokens", _int, _address, _hash, _address, _int)
list_open = c_function(name_index_file, "list_open", _int, _address, _uint, _address)
list_bits = c_function(name_index_file, "list_bits", _long, _address, _address, _uint, _uint, _address)
rows_open = c_function(name_index_file, "rows_open", _int, _address, _uint, _address, _address)
rows_next = c_function(name_index_file, "rows_next", _int, _address, _address, _address, _address)

TABLES = struct.Struct("<11Q8I")  # NamesTables
TOKEN = struct.Struct("<QIIIIIBBH")  # TokenEntry
SKIP = struct.Struct("<III")
BLOCK, PAGE = 256, 2048
TOKENS_TRIED, ORDINALS_TRIED, WINDOW = 40, 40, 128
QUESTIONS_ASKED = (
    "ana lucia tzul",
    "jose caal",
    "m gonzales",
    "ana caal tzul quej xol pop",
    "ana caal caal",
    "e he ana tzul",
)
QUESTIONS = (b"ana lucia tzul", b"jose caal", b"m gonzales", b"lus", b"caal tzul quej xol pop", b"\xff ana")


def low(data: bytes, seed: int = 0) -> int:
    return xxhash.xxh3_64_intdigest(data, seed) & 0xFFFFFFFF


def mended(data: bytes) -> bytes:
    """The same file with every checksum set right, as far as it has what they cover."""
    file = bytearray(data)
    end = len(file) - TRAILER
    if end - TABLES.size < HEADER:
        return data
    tables = TABLES.unpack_from(file, end - TABLES.size)
    rows_at, tokens, n_tokens = tables[1], tables[2], tables[11]
    n_ordinals = tables[14] + tables[15]
    for ordinal in range(min(n_ordinals, ORDINALS_TRIED)):
        if rows_at + 4 * ordinal + 8 > end:
            break
        first, last = (HEADER + 2 * place for place in struct.unpack_from("<II", file, rows_at + 4 * ordinal))
        if first + 4 <= last <= end:
            struct.pack_into("<I", file, first, low(bytes(file[first + 4 : last]), ordinal))
    for number in range(min(n_tokens, TOKENS_TRIED)):
        at = tokens + TOKEN.size * number
        if at + TOKEN.size > end:
            break
        _mend_list(file, at, n_ordinals)
    struct.pack_into("<Q", file, end + 16, TABLES.size)
    return with_trailer(bytes(file), b"RNDNAMES", end)


def _mend_list(file: bytearray, entry: int, n_ordinals: int) -> None:
    offset, length, count, *_, dense, _ = TOKEN.unpack_from(file, entry)
    stop = offset + length
    if not count or stop > len(file):
        return
    covered = bytes(file[offset:stop])
    if dense:
        bits = (n_ordinals + 63) // 64 * 8
        for page in range(-(-bits // PAGE)):
            at = offset + bits + 4 * page
            if at + 4 <= stop:
                piece = bytes(file[offset + page * PAGE : min(offset + (page + 1) * PAGE, offset + bits)])
                struct.pack_into("<I", file, at, low(piece))
        covered = bytes(file[offset + bits : stop])
    elif count > BLOCK:
        blocks = -(-count // BLOCK)
        start = offset + blocks * SKIP.size
        if start > stop:
            return
        places = [SKIP.unpack_from(file, offset + SKIP.size * n)[1] for n in range(blocks)] + [stop - start]
        for n in range(blocks):
            piece = bytes(file[start + places[n] : min(start + places[n + 1], stop)])
            struct.pack_into("<I", file, offset + SKIP.size * n + 8, low(piece))
        covered = bytes(file[offset:start])
    struct.pack_into("<I", file, entry + 24, low(covered))


def read(data: bytes) -> None:
    """Every part of the reader, over memory of just the file's size."""
    with (
        exact(data) as file,
        room(STRUCT_BYTES) as opened,
        room(STRUCT_BYTES) as cursor,
        room(WINDOW // 8) as words,
        room(STRUCT_BYTES) as row,
        room(8) as at,
        room(8) as end,
    ):
        if names_open(opened, file, len(data)):
            return
        for question in QUESTIONS:
            with exact(question.upper()) as letters:
                token_find(opened, letters, len(question))
            assert 0 <= term_tokens(opened, xxhash.xxh3_64_intdigest(question), words, WINDOW // 32) <= WINDOW // 32
        for token in range(TOKENS_TRIED):
            if list_open(opened, token, cursor) == 0:
                for start in (0, 64, 512, 100_000, 2**31):
                    if list_bits(opened, cursor, start, WINDOW, words) < 0:
                        break
        for ordinal in range(ORDINALS_TRIED):
            ctypes.memset(row, 0, STRUCT_BYTES)
            if rows_open(opened, ordinal, at, end) == 0:
                block_end = ctypes.c_void_p.from_address(end).value
                while rows_next(opened, at, block_end, row) > 0:
                    pass
        names_close(opened)


def search(path: Path) -> None:
    try:
        index = NameIndex(path)
        for question in QUESTIONS:
            found = index.search(question, birth=(1985, 6, 6), sex=1, year_from=1980, limit=5)
            assert all(0 <= match.score <= 1 and match.entity < index.entities for match in found.matches)
            index.search(question, visible=[], department=1)
        index.token_entities("CAAL")
        assert index.counts() is not None
        fitting = NameSweep(index).fitting(_columns(ASKED_FIELDS, {"name_text": QUESTIONS_ASKED}, len(QUESTIONS_ASKED)))
        assert all(entity < index.entities for entity in fitting["entity"])
        index.check()
    except GenerationDamaged:
        pass


def name_index(data: bytes) -> None:
    for content in (data, mended(data)):
        read(content)
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            file.write(content)
            file.flush()
            search(Path(file.name))


def name_index_seeds() -> list[bytes]:
    """A few persons; and so many of one name that its lists have several blocks, or a bit an ordinal."""
    some = [(0, "ANA LUCIA TZUL QUEJ", 1980), (1, "JOSE CAAL", 1985), (1, "JOSE ANTONIO CAAL XOL", 1986)]
    some += [(2, "LUZ POP", 0)]
    return [_file(some), _file([(n, "ANA CAAL" if n % 3 else "JOSE POP", 1990) for n in range(0, 600, 2)])]


def _columns(fields: list[tuple[str, str]], given: dict[str, Any], rows: int) -> pa.RecordBatch:
    types: dict[str, Any] = {"I": pa.uint32(), "u": pa.string(), "s": pa.int16()}
    types |= {"c": pa.int8(), "C": pa.uint8(), "i": pa.int32()}
    columns = [pa.array(given.get(name, [None] * rows), types[code]) for name, code in fields]
    return pa.record_batch(columns, names=[name for name, _ in fields])


def _file(claims: list[tuple[int, str, int]]) -> bytes:
    entities, texts, years = zip(*claims, strict=True)
    given: dict[str, Any] = {"entity": entities, "name_text": texts, "birth_year": years}
    batch = _columns(CLAIM_FIELDS, given, len(claims))
    with tempfile.TemporaryDirectory() as directory:
        build_names(Path(directory) / "names.bin", [batch])
        return (Path(directory) / "names.bin").read_bytes()
