"""A generation's MANIFEST.json, damaged in every way: refused by name, or harmless; never another exception."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.engine.entry import Engine
from core.errors import GenerationDamaged
from core.generation.manifest import parse_manifest, sealed
from core.generation.store import Generation
from indexer.generations.listing import list_generations, verify_generation
from indexer.generations.rollback import rollback_preview
from indexer.pipeline import build
from tests.core.generation.generation_kit import build as build_small
from tests.core.generation.generation_kit import entity, record, register
from tests.indexer.small_registers import SmallRegisters

THREE_YEARS_MS = 3 * 365 * 86_400_000
JUNK: list[Any] = [
    None,
    True,
    -1,
    2**63,
    10**30,
    0.5,
    float("nan"),
    "",
    "x",
    "../x",
    "\ud800",
    [],
    [None],
    {},
    {"x": 1},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallRegisters, str]:
    registers = SmallRegisters(tmp_path_factory.mktemp("manifest"))
    return registers, build(registers.options()).generation_id


@pytest.fixture
def published(built: tuple[SmallRegisters, str], tmp_path: Path) -> tuple[Path, Path]:
    """The data directory, and MANIFEST.json of its generation."""
    registers, name = built
    data = registers.copied(tmp_path / "data").data
    return data, data / "generations" / name / "MANIFEST.json"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As an earlier release wrote them: without a checksum, so that the schema alone judges."""
    directory = tmp_path_factory.mktemp("earlier")
    build_small(directory, [entity(0)], [record(0, "A1", name="ANA SOTO")], registers=[register(0, "renap")])
    return directory


def _opens(directory: Path) -> dict[str, Any] | None:
    """Returns what it states; None = refused, with the file's name."""
    try:
        generation = Generation.open(directory)
        stated = generation.manifest
        Engine(generation)
        generation.close()
    except GenerationDamaged as error:
        assert error.file == "MANIFEST.json" or error.file in ("keys.mdb", "entities.bin"), error  # its stated size
        return None
    return stated


@pytest.mark.parametrize("years", [-1, 1])
def test_a_moved_as_of_is_neither_verified_nor_served(published: tuple[Path, Path], years: int) -> None:
    data, path = published
    assert verify_generation(data, deep=True).ok
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["registers"][0]["as_of_ms"] += years * THREE_YEARS_MS
    path.write_text(json.dumps(manifest), encoding="utf-8")
    for deep in (False, True):
        assert verify_generation(data, deep=deep).problems == ["MANIFEST.json: its checksum does not hold"]
    assert _opens(path.parent) is None
    assert list_generations(data)[0].problem.startswith("MANIFEST.json: ")


def test_each_flipped_bit_is_refused(earlier: Path) -> None:
    """The manifest has one register, as it is written now."""
    document = json.loads((earlier / "MANIFEST.json").read_text(encoding="utf-8"))
    whole = json.dumps(sealed({**document, "files": {}})).encode()
    flips = [(at, bit) for at in range(len(whole)) for bit in range(8)]
    stated = parse_manifest(whole)
    for at, bit in flips:
        flipped = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        try:
            assert parse_manifest(flipped) == stated, (at, bit)
        except GenerationDamaged as error:
            assert error.file == "MANIFEST.json"


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _places(each, (*path, number))


def _replaced(value: Any, path: tuple[str | int, ...], junk: Any) -> Any:
    if not path:
        return junk
    copied = value.copy()
    copied[path[0]] = _replaced(value[path[0]], path[1:], junk)
    return copied


def test_junk_in_every_place_is_refused_or_harmless(earlier: Path, tmp_path: Path) -> None:
    directory = tmp_path / "broken"
    shutil.copytree(earlier, directory)
    manifest = json.loads((earlier / "MANIFEST.json").read_text(encoding="utf-8"))
    assert _opens(earlier) is not None
    refused = 0
    for place in _places(manifest):
        for junk in JUNK:
            (directory / "MANIFEST.json").write_text(json.dumps(_replaced(manifest, place, junk)), encoding="utf-8")
            refused += _opens(directory) is None
    assert refused > 500


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"\x00" * 4096, b"[" * 200_000, b'{"a":' * 200_000, b"9" * 10_000,
        b'{"format_version": 2}', b'{"format_version": 2, "registers": [', b"NaN",
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused_by_every_reader(published: tuple[Path, Path], text: bytes) -> None:
    data, path = published
    path.write_bytes(text)
    assert _opens(path.parent) is None
    assert verify_generation(data).problems[0].startswith("MANIFEST.json: ")
    assert list_generations(data)[0].problem.startswith("MANIFEST.json: ")


@pytest.mark.parametrize("key", ["files", "registers", "built_at_ms", "generation_id", "persons", "vehicles"])
def test_a_manifest_without_a_key_or_with_a_misspelt_one_is_refused(earlier: Path, tmp_path: Path, key: str) -> None:
    directory = tmp_path / "broken"
    shutil.copytree(earlier, directory)
    manifest = json.loads((earlier / "MANIFEST.json").read_text(encoding="utf-8"))
    for broken in ({**manifest, key + "x": 1}, {k: v for k, v in manifest.items() if k != key}):
        (directory / "MANIFEST.json").write_text(json.dumps(broken), encoding="utf-8")
        assert _opens(directory) is None


def test_a_checksum_cannot_be_left_out_of_a_manifest_that_has_one(published: tuple[Path, Path]) -> None:
    _, path = published
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for lost in ("checksum", "manifest_version"):
        path.write_text(json.dumps({k: v for k, v in manifest.items() if k != lost}), encoding="utf-8")
        assert _opens(path.parent) is None


def test_a_file_outside_the_generation_is_never_named(earlier: Path, tmp_path: Path) -> None:
    directory = tmp_path / "broken"
    shutil.copytree(earlier, directory)
    manifest = json.loads((earlier / "MANIFEST.json").read_text(encoding="utf-8"))
    for name in ("../keys.mdb", "/etc/passwd", ".", "a/b"):
        broken = {**manifest, "files": {**manifest["files"], name: manifest["files"]["keys.mdb"]}}
        (directory / "MANIFEST.json").write_text(json.dumps(broken), encoding="utf-8")
        assert _opens(directory) is None


def test_a_roll_back_does_not_read_a_broken_manifest(published: tuple[Path, Path]) -> None:
    from indexer.build.errors import BuildRefused

    data, path = published
    older = "20200101T000000Z-00000000"
    shutil.copytree(path.parent, path.parent.with_name(older))
    with pytest.raises(BuildRefused, match=r"MANIFEST\.json"):
        rollback_preview(data, older)  # a copy under another name is not that generation
