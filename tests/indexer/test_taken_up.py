"""The same bytes: whatever the number of workers, and from what a killed build had linked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from core.generation.subject_key import SUBJECT_KEY
from indexer.build.errors import PublishingStopped
from indexer.linking.parts import PARTS
from indexer.live.kept import KEPT_FILES
from indexer.pipeline import WORK, build
from tests.indexer.small_registers import SmallRegisters
from tests.indexer.undisturbed import RANGE_ROWS, built, kill_at, options_of
from tests.kit.nation_kit import BuiltNation

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No random numbers in files, and ranges small enough to be many."""
    monkeypatch.setattr("os.urandom", bytes)
    monkeypatch.setattr("indexer.linking.order.RANGE_ROWS", RANGE_ROWS)


@pytest.fixture(scope="module")
def undisturbed(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The files of a build by one worker that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("os.urandom", bytes)
        patched.setattr("indexer.linking.order.RANGE_ROWS", RANGE_ROWS)
        return built(options_of(small_nation, tmp_path_factory.mktemp("undisturbed"), workers=1))[1]


@pytest.mark.usefixtures("fixed")
def test_any_number_of_workers_makes_the_same_bytes(
    small_nation: BuiltNation, undisturbed: Mapping[str, bytes], tmp_path: Path
) -> None:
    assert built(options_of(small_nation, tmp_path, workers=3))[1] == undisturbed


@pytest.mark.usefixtures("fixed")
def test_a_killed_build_goes_on_from_what_it_had_linked(
    small_nation: BuiltNation, undisturbed: Mapping[str, bytes], tmp_path: Path
) -> None:
    options = options_of(small_nation, tmp_path)
    kill_at("assemble", options)
    assert len(list((tmp_path / WORK / "ranges").iterdir())) > 5
    summary, files = built(options)
    assert summary.linking_taken_up
    assert "every checksum agrees" in summary.notes[-1]
    assert files == undisturbed
    assert not (tmp_path / WORK).exists()


@pytest.fixture
def few(registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch) -> tuple[SmallRegisters, Mapping[str, bytes]]:
    """Small registers in several ranges, and the files of a build that nobody disturbed."""
    monkeypatch.setattr("os.urandom", bytes)
    monkeypatch.setattr("indexer.linking.order.RANGE_ROWS", 20)
    return registers, built(registers.options())[1]


def test_one_that_had_not_ended_linking_begins_it_anew(few: tuple[SmallRegisters, Mapping[str, bytes]]) -> None:
    registers, undisturbed = few
    kill_at("ranges", registers.options())
    summary, files = built(registers.options())
    assert not summary.linking_taken_up
    assert any(note.startswith("removed what an interrupted build left") and WORK in note for note in summary.notes)
    assert files == undisturbed


@pytest.mark.usefixtures("fixed")
def test_what_is_kept_for_live_changes_is_taken_up_with_it(registers: SmallRegisters, tmp_path: Path) -> None:
    undisturbed = registers.copied(tmp_path / "undisturbed")
    options = replace(registers.options(), live=True)
    kill_at("check", options)
    undisturbed.data.mkdir()
    shutil.copyfile(registers.data / SUBJECT_KEY, undisturbed.data / SUBJECT_KEY)
    wanted = built(replace(undisturbed.options(), live=True))[1]
    assert set(KEPT_FILES) < set(wanted)
    summary, files = built(options)
    assert summary.linking_taken_up
    assert files == wanted
    kill_at("check", options)
    summary, files = built(registers.options())  # one that keeps nothing begins anew
    assert not summary.linking_taken_up
    assert not set(KEPT_FILES) & set(files)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _other_records(work: Path) -> None:
    note = json.loads((work / PARTS).read_text())
    note["made_of"]["inputs"] = "0" * 32
    (work / PARTS).write_text(json.dumps(note))


def _other_rules(work: Path) -> None:
    note = json.loads((work / PARTS).read_text())
    note["made_of"]["program"] = "0" * 32
    (work / PARTS).write_text(json.dumps(note))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda work: _flip(work / "ranges" / "range-0001.arrow"), "ranges/range-0001.arrow is damaged"),
        (lambda work: _flip(work / "subjects.parquet"), "subjects.parquet is damaged"),
        (lambda work: (work / "ranges" / "range-0002.arrow").unlink(), "ranges/range-0002.arrow is damaged"),
        (lambda work: (work / PARTS).write_bytes((work / PARTS).read_bytes()[:40]), "cannot be read"),
        (_other_records, "was of other records"),
        (_other_rules, "by another version of the rules"),
    ],
    ids=["a range", "the subjects", "a range is gone", "the list is torn", "other records", "other rules"],
)
def test_what_is_damaged_of_other_records_or_by_other_rules_is_not_taken(
    few: tuple[SmallRegisters, Mapping[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None],
    why: str,
) -> None:
    registers, undisturbed = few
    interrupted(registers, monkeypatch, KeyboardInterrupt)
    damage(registers.data / WORK)
    summary, files = built(registers.options())
    assert not summary.linking_taken_up
    assert files == undisturbed
    (note,) = (note for note in summary.notes if note.startswith("linking begins anew: "))
    assert note.endswith(why)


def interrupted(registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    """A build that ends with an error when it is checked."""

    def stop(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("indexer.pipeline.check_generation", stop)
        with pytest.raises(error):
            build(registers.options())


def test_a_changed_row_is_other_records(registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(registers, monkeypatch, KeyboardInterrupt)
    registers.write_warrants({"W1": (1, "PENDIENTE"), "W2": (2, "PENDIENTE"), "W3": (4, "CANCELADA")})
    summary = build(registers.options())
    assert not summary.linking_taken_up
    assert "linking begins anew: what an interrupted build had linked was of other records" in summary.notes
    assert not build(registers.options()).linking_taken_up  # a published build leaves nothing to take up


def test_ctrl_c_leaves_it_and_a_build_that_is_stopped_on_purpose_does_not(
    registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(registers, monkeypatch, PublishingStopped)
    assert not (registers.data / WORK).exists()
    interrupted(registers, monkeypatch, KeyboardInterrupt)
    assert build(registers.options()).linking_taken_up


def test_a_damaged_extract_is_read_again_and_it_is_said(
    registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(registers, monkeypatch, KeyboardInterrupt)
    (file,) = (registers.data / "staging" / "oj").rglob("records-*.parquet")
    _flip(file)
    summary = build(registers.options(quiet=False))
    assert {r.register_id: r.resumed for r in summary.registers} == {"renap": True, "oj": False, "sat": True}
    assert "oj: extract of an interrupted build begun anew: it is damaged" in capsys.readouterr().err
    assert summary.linking_taken_up  # the same records came of it
