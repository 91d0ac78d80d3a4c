"""A view or delta that does not hold is refused: what answered goes on answering, its fed registers STALE at once."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from core.errors import GenerationDamaged
from core.generation.record_index import RecordIndex, RecordIndexWriter
from core.generation.store import Generation
from core.generation.view_file import BEAT, VIEW, read_view
from indexer.live.kept import KEPT_FILES, KeptRecords
from indexer.live.writer import LiveWriter
from ronda.v1 import check_service_pb2 as checks
from server.calls.live_levels import SILENT_S, LiveLevels
from tests.indexer.small_registers import cui_of
from tests.live.fed_world import FedWorld, said
from tests.live.test_a_view_answers_as_a_rebuild import ANA, LUIS, MARTA, warrant

MARTAS = checks.CheckPersonRequest(cui=cui_of(MARTA))
LUISES = checks.CheckPersonRequest(cui=cui_of(LUIS))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def turned(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [cut, turned, emptied, gone])
@pytest.mark.parametrize("name", [VIEW, "MANIFEST.json", "dossiers.bin", "keys.mdb"])
def test_what_answered_goes_on(fed: FedWorld, name: str, harm: Callable[[Path], None]) -> None:
    fed.take(warrant(fed, "W9", MARTA))
    assert "LEVEL_HIT" in said(fed.view(), MARTAS)
    fed.take(warrant(fed, "W10", LUIS))
    newest = fed.writer.home / read_view(fed.writer.home).deltas[-1]
    path = fed.writer.home / VIEW if name == VIEW else newest / name
    if (name, harm) == ("keys.mdb", turned):
        pytest.skip("a page that nobody looks at may be anything")
    harm(path)
    view = fed.view()
    assert "LEVEL_HIT" in said(view, MARTAS)
    assert "LEVEL_INCOMPLETE" in said(view, LUISES) and "REGISTER_STATE_STALE" in said(view, LUISES)
    fed.levels._retry_at = 0.0
    assert fed.writer.mend()
    assert "LEVEL_HIT" in said(fed.view(), LUISES)


def test_a_silent_writer(fed: FedWorld) -> None:
    fed.take(warrant(fed, "W9", MARTA))
    assert "LEVEL_CLEAR" in said(fed.view(), LUISES)
    beat = fed.writer.home / BEAT
    told = beat.stat().st_mtime - SILENT_S - 1
    os.utime(beat, (told, told))
    assert "LEVEL_INCOMPLETE" in said(fed.view(), LUISES)
    fed.writer.beat()
    assert "LEVEL_CLEAR" in said(fed.view(), LUISES)


def test_a_writer_that_catches_up_is_told_of_once(fed: FedWorld, caplog: pytest.LogCaptureFixture) -> None:
    """It shows what it has, twice a second, and is silent until it is at the ledger's end: no line for each view."""
    beat = fed.writer.home / BEAT
    for number in range(4):
        fed.take(warrant(fed, f"W{number + 20}", MARTA))
        told = beat.stat().st_mtime - SILENT_S - 1
        os.utime(beat, (told, told))
        assert "LEVEL_INCOMPLETE" in said(fed.view(), LUISES)
    assert [getattr(line, "event", "") for line in caplog.records].count("live_writer_silent") == 1


def test_a_writer_that_died_before_the_clock_was_set_back(fed: FedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    fed.take(warrant(fed, "W9", MARTA))
    ahead = time.time() + 3600
    os.utime(fed.writer.home / BEAT, (ahead, ahead))
    assert "LEVEL_CLEAR" in said(fed.view(), LUISES)
    later = time.monotonic() + SILENT_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert "LEVEL_INCOMPLETE" in said(fed.view(), LUISES)
    fed.writer.beat()
    assert "LEVEL_CLEAR" in said(fed.view(), LUISES)


def test_changes_over_another_base_are_missed(fed: FedWorld) -> None:
    """A worker that starts on a base that the writer has not come to: what is fed elsewhere may be lacking here."""
    fed.take(warrant(fed, "W9", MARTA))
    fed.writer.home.rename(fed.writer.home.with_name("20200101T000000Z-00000000"))
    found = LiveLevels(Generation.open(fed.writer.base.directory), fed.data).look()
    assert found is not None
    entry = next(register for register in found.manifest["registers"] if register["id"] == "oj")
    assert entry["carried_forward"]


@pytest.mark.parametrize("name", KEPT_FILES)
def test_kept_files_that_do_not_hold(fed: FedWorld, name: str) -> None:
    cut(fed.writer.base.directory / name)
    with pytest.raises(GenerationDamaged, match=name):
        KeptRecords(Generation.open(fed.writer.base.directory))


def test_a_generation_without_kept_records_is_refused(fed: FedWorld) -> None:
    directory = fed.writer.base.directory
    document = json.loads((directory / "MANIFEST.json").read_text(encoding="utf-8"))
    for name in KEPT_FILES:
        del document["files"][name]
    for key in ("checksum", "manifest_version"):
        del document[key]
    (directory / "MANIFEST.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(GenerationDamaged, match="--live"):
        LiveWriter(fed.data, fed.base_id, fed.manifests)


def test_kept_files_are_for_their_owner_alone(fed: FedWorld) -> None:
    for name in KEPT_FILES:
        assert (fed.writer.base.directory / name).stat().st_mode & 0o077 == 0, name


def test_each_record_is_found_by_its_id(fed: FedWorld, tmp_path: Path) -> None:
    """The index against the records themselves; and of a record with more subjects than one look takes."""
    kept, base = fed.writer.standing.kept, fed.writer.base
    rows = kept.rows_of(range(base.entities))
    held: dict[tuple[int, str], set[int]] = {}
    for row in rows.select(["register", "record_id", "entity"]).to_pylist():
        held.setdefault((row["register"], row["record_id"]), set()).add(row["entity"])
    assert len(held) > 20
    for (register, record_id), entities in held.items():
        assert kept.subjects_of(register, record_id) == sorted(entities)
    assert kept.subjects_of(0, "NOBODYS") == []
    assert kept.rows_of([ANA]).column("entity").unique().to_pylist() == [ANA]
    many = RecordIndexWriter(tmp_path / "index.mdb", tmp_path)
    batch = rows.slice(0, 1).select(["register", "record_id", "entity"])
    for entity in range(300):
        one = batch.set_column(2, batch.schema.field(2), pa.array([entity], pa.uint32()))
        many.add(one.combine_chunks().to_batches()[0])
    assert many.finish() == 300
    row = batch.to_pylist()[0]
    assert RecordIndex(tmp_path / "index.mdb").find(row["register"], row["record_id"]) == list(range(300))
    shutil.rmtree(fed.writer.home)
