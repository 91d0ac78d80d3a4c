"""A dossier's and an audit record's bytes are drawn in core/ and decoded there alone (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ronda.v1 import alert_pb2, level_pb2, section_pb2
from tests.house.imports import ROOT, imports, sources

OUTSIDE = ("server", "indexer", "ronda", "clients", "bench", "nation")
# Bytes of other kinds, each drawn where it is decoded, and what they are.
OTHERS = {
    "server/audit/index.py": "the head of an index of a segment, its own format (docs/audit-format.md)",
    "server/transport/connections.py": "struct tcp_info and SO_LINGER of Linux",
    "bench/attack/half_messages.py": "frames of HTTP/2",
    "bench/attack/http2.py": "frames of HTTP/2",
    "bench/attack/strangers.py": "SO_LINGER of Linux",
}
_DRAWN = {"unpack", "unpack_from", "iter_unpack", "pack", "pack_into", "from_bytes", "Struct"}
# Room -> the names whose numbers are the contract's.
CONTRACT = (alert_pb2, level_pb2, section_pb2)


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sources(package) if path.suffix == ".py"]


def decodes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in _DRAWN}


def test_no_record_is_decoded_outside_of_the_core() -> None:
    found = {str(path.relative_to(ROOT)) for path in modules(*OUTSIDE) if decodes(path)}
    assert found == set(OTHERS)


def test_whoever_opens_a_dossier_reads_it_with_the_cores_reader() -> None:
    """No substring is looked for in a dossier's bytes, no piece is cut out of them."""
    called = re.compile(r"\.dossier\(")
    readers = {path for path in modules(*OUTSIDE) if called.search(path.read_text(encoding="utf-8"))}
    assert len(readers) > 3
    unread = {path for path in readers if "core.generation.reader" not in imports(path)}
    # its checks alone are wanted, whatever it holds
    assert {str(path.relative_to(ROOT)) for path in unread} == {"indexer/generations/acceptance.py"}


def contract_numbers() -> dict[str, int]:
    return {name: number for file in CONTRACT for enum in file.DESCRIPTOR.enum_types_by_name.values()
            for name, number in ((value.name, value.number) for value in enum.values)}  # fmt: skip


@pytest.mark.parametrize("package", ["indexer", "server", "ronda", "clients"])
def test_no_number_of_the_contract_is_typed(package: str) -> None:
    numbers = contract_numbers()
    typed = []
    for path in modules(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
                continue
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            typed += [f"{path.relative_to(ROOT)}: {name}" for name in names if name.lstrip("_") in numbers]
    assert len(numbers) > 50
    assert typed == []
