"""A dossier's and an audit record's bytes are drawn in core/ and decoded there alone (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import alert_pb2, level_pb2, section_pb2
from tests.house.imports import ROOT, imports, sources

OUTSIDE = ("server", "indexer", "ronda", "clients", "bench", "nation")
# Bytes of other kinds, each drawn where it is decoded, and what they are.
OTHERS = {
    "server/trust/small_order.py": "a public key of Ed25519 (RFC 8032)",
    "server/audit/index.py": "the head of an index of a segment, its own format (docs/audit-format.md)",
    "server/transport/connections.py": "struct tcp_info and SO_LINGER of Linux",
    "server/audit/misuse.py": "rows that core.audit.rows fills, by the dtypes that it gives",
    "server/audit/check_counts.py": "rows that core.audit.rows fills, by the dtype that it gives",
    "server/audit/reading.py": "columns of numbers that core.audit.rows fills",
    "server/feed/snapshot.py": "numbers of eight bytes, its own format",
    "server/recall/looks.py": "keyed hashes and offsets that core.audit.rows fills, and a hash's first half",
    "server/issuer/admission.py": "a number made of a hash",
    "server/statistics/disclosure.py": "numbers made of a hash",
    "server/host/memory.py": "struct mallinfo2 of the C library",
    "indexer/standardise/letters.py": "offsets of an Arrow column of texts",
    "indexer/live/packed_rows.py": "kept records, its own format",
    "indexer/linking/links.py": "arrays of links while they are made",
    "clients/agency/texts.py": "offsets of an Arrow column of texts",
    "clients/sms/pdus.py": "PDUs of SMPP, which is no format of ours",
    "clients/car/offline/look_up_log.py": "frames of the car's own log",
    "clients/feed/debezium_values.py": "unscaled numbers of Kafka Connect's decimals",
    "bench/clients/painted.py": "struct winsize of a terminal",
    "bench/clients/packet_link.py": "struct ifreq of a tun interface",
    "bench/clients/large_list.py": "lengths of its own file of blocks",
    "bench/limit/payloads.py": "its own files of questions and answers",
    "bench/trust/kills.py": "rows that core.audit.rows fills, by the dtype that it gives",
    "bench/attack/half_messages.py": "frames of HTTP/2",
    "bench/attack/http2.py": "frames of HTTP/2",
    "bench/attack/strangers.py": "SO_LINGER of Linux",
}
_DRAWN = {
    "unpack", "unpack_from", "iter_unpack", "pack", "pack_into", "from_bytes", "Struct", "Structure", "from_buffer",
    "from_buffer_copy", "frombuffer", "fromfile", "frombytes", "memmap",
}  # fmt: skip
# Room -> the names whose numbers are the contract's.
CONTRACT = (alert_pb2, level_pb2, section_pb2)


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sources(package) if path.suffix == ".py"]


def decodes(source: str) -> bool:
    """Returns whether bytes become numbers, or numbers bytes: by any name, as `from struct import unpack as read`."""
    tree = ast.parse(source)
    # Letters stay letters.
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "uint8" in ast.unparse(node)]
    letters_of = {id(node.func) for node in calls if ast.unparse(node.func) == "np.frombuffer"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _DRAWN and id(node) not in letters_of:
            return True
        if isinstance(node, ast.ImportFrom) and any(name.name in _DRAWN for name in node.names):
            return True
        # memoryview.cast("I"); a column of Arrow is cast to a type, not to a letter
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cast":
            letters = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if any(len(letter.strip("@<>=!")) == 1 and letter[-1] not in "Bbc" for letter in letters):
                return True
    return False


def test_no_record_is_decoded_outside_of_the_core() -> None:
    found = {str(path.relative_to(ROOT)) for path in modules(*OUTSIDE) if decodes(path.read_text(encoding="utf-8"))}
    assert found == set(OTHERS)
    assert [path for path in sources("server") + sources("indexer") + sources("ronda") if path.suffix == ".pyx"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "struct.unpack_from('<I', data, 8)",
        "from struct import unpack as read",
        "np.frombuffer(data, '<u4')",
        "np.memmap(path, '<u4')",
        "memoryview(data).cast('I')",
        "int.from_bytes(data[4:8], 'little')",
        "class Head(ctypes.LittleEndianStructure):\n    head = ctypes.Structure.from_buffer_copy",
    ],
)
def test_each_way_of_decoding_is_seen(statement: str) -> None:
    assert decodes(statement)


def test_a_cast_of_a_column_decodes_nothing() -> None:
    assert not decodes("column.cast(kind)")
    assert not decodes("rows.data.cast('B')")


def test_whoever_opens_a_dossier_reads_it_with_the_cores_reader() -> None:
    """No substring is looked for in a dossier's bytes, no piece is cut out of them."""
    called = re.compile(r"\.dossier\b")
    readers = {path for path in modules(*OUTSIDE) if called.search(path.read_text(encoding="utf-8"))}
    assert len(readers) > 3
    unread = {path for path in readers if "core.generation.reader" not in imports(path)}
    # of the one its checks alone are wanted, whatever it holds; the other measures what the tests' own reader finds
    assert {str(path.relative_to(ROOT)) for path in unread} == {
        "indexer/generations/acceptance.py",
        "bench/dossier_bytes.py",
    }


def contract_numbers() -> dict[str, int]:
    return {name: number for file in CONTRACT for enum in file.DESCRIPTOR.enum_types_by_name.values()
            for name, number in ((value.name, value.number) for value in enum.values)}  # fmt: skip


def numbered(path: Path) -> Iterator[str]:
    """Names that are given a number by hand: `A = 1`, `A: Final = 1`, `A, B = 1, 2`, `{"A": 1}`, `f(A=1)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pairs: list[tuple[ast.expr | None, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, ast.keyword) and node.arg:
            pairs = [(ast.Constant(node.arg), node.value)]
        for target, value in list(pairs):
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs += zip(target.elts, value.elts, strict=False)
        for target, value in pairs:
            if isinstance(value, ast.Constant) and type(value.value) is int:
                if isinstance(target, ast.Name):
                    yield target.id
                elif isinstance(target, ast.Constant) and isinstance(target.value, str):
                    yield target.value


@pytest.mark.parametrize("package", ["indexer", "server", "ronda", "clients"])
def test_no_number_of_the_contract_is_typed(package: str) -> None:
    numbers = contract_numbers()
    typed = []
    for path in modules(package):
        typed += [f"{path.relative_to(ROOT)}: {name}" for name in numbered(path) if name.lstrip("_") in numbers]
    assert len(numbers) > 50
    assert typed == []
