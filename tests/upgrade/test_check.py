"""`ronda upgrade --check`, on the disks of an installation that has served."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.access.limits import Limits
from core.generation.view_file import LIVE, VIEW, VIEW_VERSION
from core.ledger.frames import LOG
from core.ledger.reader import FOLDER as LEDGER
from indexer.standard import ALERT_HIDES_YET
from ronda.copies.parts import known_in_data
from ronda.upgrade.formats import FORMATS, RELEASE_BEFORE
from server.audit.keys import make_signing_keys
from tests.command.terminal import piped
from tests.core.ledger.archived_ledger import archive
from tests.kit.served_world import serve_once
from tests.upgrade.releases import CHANGED, EARLIER

FORMLESS = {
    *("CURRENT", "publish.log", "quarantine", ".work", "indexer.lock", "subject.key", "page.key", "hotlist.key"),
    *("served.json", "ledger.seen.json", "trust.last-good.json", "notifications", "backup.json"),
}
"""Parts of the data directory: names, keys, lines for people, and parts made anew whenever they cannot be read."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return serve_once(tmp_path_factory.mktemp("upgrade"))


@pytest.fixture
def data(served: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(served, tmp_path / "data"))


def check(data: Path) -> subprocess.CompletedProcess[str]:
    return piped("upgrade", "--check", "--data", str(data))


def told(data: Path) -> dict[str, dict[str, Any]]:
    done = piped("upgrade", "--check", "--json", "--data", str(data))
    document = json.loads(done.stdout)
    assert document["release_before"] == RELEASE_BEFORE
    return {each["format"]: each for each in document["formats"]}


def test_what_was_served_is_read_and_a_way_back_loses_what_changed(data: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    done = check(data)
    loses_nothing = f"A roll-back to {RELEASE_BEFORE} loses nothing." in done.stdout
    assert (done.returncode, loses_nothing) == ((8, False) if CHANGED else (0, True)), done.stdout
    seen = told(data)
    assert {name for name, each in seen.items() if each["lost_by_roll_back"]} == CHANGED
    for name in ("generation", "staging", "ledger", "audit log", "recall"):
        assert seen[name]["found"] == [seen[name]["writes"]], name
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before, "it only looks"


def test_what_a_roll_back_loses_is_said(data: Path, tmp_path: Path) -> None:
    Limits(data / "limits")
    make_signing_keys(tmp_path / "keys")
    done = piped("audit", "change-key", "--new", str(tmp_path / "keys" / "signing.key"), RONDA_DATA=str(data))
    assert done.returncode == 0, done.stderr
    (data / "audit" / "checkpoints" / "restorations").write_text("ronda audit restoration 1\n")
    assert check(data).returncode == 8
    lost = {name for name, each in told(data).items() if each["lost_by_roll_back"]}
    assert lost == {"audit key changes", "audit restorations", "limits"} | CHANGED


@pytest.mark.parametrize("damage", ["another release's", "no JSON", "no version"])
def test_what_this_release_does_not_read_is_named(data: Path, damage: str) -> None:
    manifest = next(data.glob("generations/*/MANIFEST.json"))
    document = json.loads(manifest.read_bytes())
    if damage == "no version":
        del document["format_version"]
    else:
        document["format_version"] = 9
    manifest.write_text("{" if damage == "no JSON" else json.dumps(document))
    done = check(data)
    assert done.returncode == 7, done.stdout
    assert ("NOT READ by this release: 9" in done.stdout) == (damage == "another release's")
    assert ("DAMAGED" in done.stdout) == (damage != "another release's")


def test_a_ledger_and_limits_of_later_releases_are_named(data: Path) -> None:
    (data / "limits").write_bytes(b"RDNLIMS9" + bytes(100))
    assert told(data)["limits"]["not_read"] == ["9"]
    log = data / LEDGER / LOG
    log.write_bytes(b"\0" * 64 + log.read_bytes()[64:])
    assert told(data)["ledger"]["not_read"] == ["unknown"]


def test_a_way_back_from_an_archived_ledger_is_refused_by_name(data: Path) -> None:
    assert told(data)["ledger archive"]["found"] == []
    archive(data)
    seen = told(data)
    assert (seen["ledger"]["found"], seen["ledger archive"]["found"]) == (["2"], ["1"])
    assert "do not roll back" in seen["ledger archive"]["lost_by_roll_back"]
    next((data / LEDGER / "archive").iterdir()).write_bytes(b"another release's")
    assert told(data)["ledger archive"]["not_read"] == ["unknown"]


@pytest.mark.parametrize("told_by", ["a staged record", "the ledger"])
def test_who_is_hidden_until_an_order_closes_is_shown_by_the_release_before(data: Path, told_by: str) -> None:
    assert told(data)["closings to come"]["found"] == []
    if told_by == "the ledger":  # what was fed stands there as its institution wrote it
        archive(data)
    else:
        staged = next(data.glob("staging/*/*/records-*.parquet"))
        rows = pq.read_table(staged)
        flags = pa.array([ALERT_HIDES_YET, *rows.column("alert_flags").to_pylist()[1:]], pa.uint8())
        pq.write_table(rows.set_column(rows.schema.get_field_index("alert_flags"), "alert_flags", flags), staged)
    assert "SHOWS the address" in told(data)["closings to come"]["lost_by_roll_back"]
    assert check(data).returncode == 8


def test_a_view_of_this_release_is_made_again_by_the_release_before(data: Path) -> None:
    view = data / LIVE / "base" / VIEW
    view.parent.mkdir(parents=True)
    view.write_text(json.dumps({"view_version": VIEW_VERSION}))
    assert told(data)["live view"]["found"] == [str(VIEW_VERSION)]
    assert "STALE" in told(data)["live view"]["lost_by_roll_back"]


def test_the_table_says_of_each_part_of_the_data_which_release_reads_it() -> None:
    assert RELEASE_BEFORE == EARLIER
    places = {each.place.removeprefix("<data>/").split("/")[0] for each in FORMATS if each.place.startswith("<data>/")}
    assert known_in_data() - FORMLESS <= places
    assert all(each.lost for each in FORMATS)
    assert len({each.name for each in FORMATS}) == len(FORMATS)


def test_a_directory_that_is_not_there_is_said_and_nothing_is_promised(tmp_path: Path) -> None:
    done = check(tmp_path / "elsewhere")
    assert done.returncode == 2
    assert "no hay tal directorio de datos" in done.stderr
    assert done.stdout == ""
