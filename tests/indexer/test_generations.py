"""List, verify and roll back generations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexer.build.errors import BuildRefused, IndexerBusy
from indexer.build.lock import indexer_lock
from indexer.generations.listing import list_generations, verify_generation
from indexer.generations.publishing import current_generation
from indexer.generations.rollback import rollback, rollback_preview
from indexer.pipeline import build
from tests.indexer.small_registers import SmallRegisters

FILES = [
    "MANIFEST.json",
    "alerted.parquet",
    "dossiers.bin",
    "entities.bin",
    "keys.mdb",
    "links.parquet",
    "names.bin",
    "plates.bin",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallRegisters, str, str]:
    """Two generations: in the newer, W1 is cancelled, W2 is gone, W4 is new and RENAP is read anew."""
    registers = SmallRegisters(tmp_path_factory.mktemp("two"))
    registers.age("renap", 86_400)
    registers.age("oj", 86_400)
    first = build(registers.options())
    registers.write_persons(101)
    registers.write_warrants({"W1": (1, "CANCELADA"), "W3": (3, "PENDIENTE"), "W4": (4, "PENDIENTE")})
    second = build(registers.options())
    return registers, first.generation_id, second.generation_id


@pytest.fixture
def two(built: tuple[SmallRegisters, str, str], tmp_path: Path) -> tuple[SmallRegisters, str, str]:
    """A copy of them for one test."""
    registers, first, second = built
    return registers.copied(tmp_path), first, second


def test_the_list_is_newest_first_and_marks_the_current_one(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    infos = list_generations(registers.data)
    assert [(info.generation_id, info.current) for info in infos] == [(second, True), (first, False)]
    assert [info.persons for info in infos] == [101, 100]
    assert [register.register_id for register in infos[0].registers] == ["renap", "oj", "sat"]
    assert infos[0].registers[0].as_of_ms > infos[1].registers[0].as_of_ms
    assert infos[0].bytes > 10_000
    json.dumps([info.to_json() for info in infos])


def test_no_generation_yet(tmp_path: Path) -> None:
    assert list_generations(tmp_path) == []
    with pytest.raises(BuildRefused, match="no published generation"):
        verify_generation(tmp_path)
    with pytest.raises(BuildRefused, match="no published generation"):
        rollback_preview(tmp_path)


@pytest.mark.parametrize("deep", [False, True])
def test_a_whole_generation_verifies(two: tuple[SmallRegisters, str, str], deep: bool) -> None:
    registers, first, second = two
    for name in (None, first):
        found = verify_generation(registers.data, name, deep=deep)
        assert (found.ok, found.problems, found.generation_id) == (True, [], name or second)
        assert found.files_checked == len(FILES) - 1


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["cut", "altered", "gone"])
def test_a_damaged_file_is_named(two: tuple[SmallRegisters, str, str], file: str, damage: str) -> None:
    registers, first, _ = two
    path = registers.data / "generations" / first / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-1] if file != "MANIFEST.json" else content[:-20])
    else:
        at = len(content) // 2 if file != "MANIFEST.json" else content.index(first.encode())
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    found = verify_generation(registers.data, first)
    assert not found.ok
    assert found.problems[0].startswith(f"{file}: ")
    with pytest.raises(BuildRefused):
        rollback(registers.data, first, confirmed=True)
    assert current_generation(registers.data) != first


def test_a_stranger_among_the_files_is_named(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, _ = two
    (registers.data / "generations" / first / "extra.bin").write_bytes(b"x")
    assert verify_generation(registers.data, first).problems == ["extra.bin: is not in MANIFEST.json"]


def test_an_unreadable_manifest_does_not_hide_the_others(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    (registers.data / "generations" / first / "MANIFEST.json").write_text("{", encoding="utf-8")
    newer, older = list_generations(registers.data)
    assert (newer.generation_id, newer.problem) == (second, "")
    assert older.problem.startswith("MANIFEST.json: ")


def test_the_preview_shows_older_registers_and_revived_warrants(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    preview = rollback_preview(registers.data)
    assert (preview.current, preview.target) == (second, first)
    assert [step.register_id for step in preview.registers if step.older] == ["renap", "oj"]
    revived = [(alert.kind, alert.register_id, alert.record_id) for alert in preview.revived]
    assert revived == [("WARRANT", "oj", "W1"), ("WARRANT", "oj", "W2")]
    assert preview.revived_total == 2
    assert "CAAL" not in json.dumps(preview.to_json())
    assert current_generation(registers.data) == second


def test_rolling_back_needs_a_yes_and_is_logged(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    with pytest.raises(BuildRefused, match="--yes"):
        rollback(registers.data, first, confirmed=False)
    assert current_generation(registers.data) == second
    rollback(registers.data, first, confirmed=True)
    assert current_generation(registers.data) == first
    last: dict[str, Any] = json.loads((registers.data / "publish.log").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["from"], last["to"]) == ("rolled_back", second, first)
    assert (last["revived_alerts"], last["older_registers"]) == (2, ["renap", "oj"])
    assert last["user"]
    assert last["at"].startswith("20")


def test_back_and_forth_and_then_a_new_build(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    rollback(registers.data, first, confirmed=True)
    forth = rollback_preview(registers.data, second)
    assert [(alert.record_id) for alert in forth.revived] == ["W3", "W4"]
    registers.break_source("oj")
    third = build(registers.options())
    # carried forward is the newest good extract, not the one of the generation gone back to
    assert third.to_json()["alerts"] == {"WARRANT": 2}
    assert rollback_preview(registers.data, second).revived_total == 0


def test_impossible_targets_are_refused(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, second = two
    with pytest.raises(BuildRefused, match="current generation already"):
        rollback(registers.data, second, confirmed=True)
    with pytest.raises(BuildRefused, match="not on disk"):
        rollback(registers.data, "20200101T000000Z-00000000", confirmed=True)
    rollback(registers.data, first, confirmed=True)
    with pytest.raises(BuildRefused, match="no generation older"):
        rollback(registers.data, confirmed=True)


def test_no_roll_back_while_an_indexer_works(two: tuple[SmallRegisters, str, str]) -> None:
    registers, first, _ = two
    with indexer_lock(registers.data, "test"), pytest.raises(IndexerBusy):
        rollback(registers.data, first, confirmed=True)
