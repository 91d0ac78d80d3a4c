"""A build through its front door: what is published, carried forward, missing, refused; and what a failure leaves."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from core.generation.manifest import read_manifest
from core.generation.store import Generation
from core.generation.view_file import BEAT, LIVE
from indexer.build.errors import BuildRefused, IndexerBusy, NoSpace, PublishingStopped
from indexer.build.lock import indexer_lock
from indexer.generations.publishing import current_generation, published_generations
from indexer.generations.subject_key import SubjectKeyRefused
from indexer.manifest.loading import ManifestError
from indexer.pipeline import build
from indexer.summary import BuildSummary
from ronda.commands.operator.index_output import summary_parts
from tests.indexer.small_registers import SmallRegisters, cui_of, stolen_vehicles

KEY_CUI, KEY_PLATE = 1, 8


def manifest_of(registers: SmallRegisters, summary: BuildSummary) -> dict[str, Any]:
    """MANIFEST.json of a build's generation."""
    return read_manifest(registers.data / "generations" / summary.generation_id).model_dump(exclude_unset=True)


def register_of(registers: SmallRegisters, summary: BuildSummary, name: str) -> dict[str, Any]:
    """One register's entry in MANIFEST.json."""
    found: list[dict[str, Any]] = manifest_of(registers, summary)["registers"]
    (entry,) = (entry for entry in found if entry["id"] == name)
    return entry


def fates(summary: BuildSummary) -> dict[str, str]:
    """Returns what became of each register."""
    return {register.register_id: register.fate for register in summary.registers}


def persons_found(registers: SmallRegisters, *numbers: int) -> list[bool]:
    """Returns whether the current generation finds persons by CUI."""
    current = current_generation(registers.data)
    assert current is not None
    generation = Generation.open(registers.data / "generations" / current)
    try:
        return [bool(generation.lookup(KEY_CUI, cui_of(number))) for number in numbers]
    finally:
        generation.close()


def publish_log(registers: SmallRegisters) -> list[dict[str, Any]]:
    """publish.log, parsed."""
    return [json.loads(line) for line in (registers.data / "publish.log").read_text(encoding="utf-8").splitlines()]


def leftovers(data: Path) -> list[str]:
    """Names that only a running build may have."""
    return [entry.name for entry in (data / "generations").iterdir() if entry.name.startswith(".")] + [
        entry.name for entry in data.iterdir() if entry.name == ".work" or entry.name.endswith(".draft")
    ]


def test_a_build_leaves_what_a_server_beside_is_writing(registers: SmallRegisters) -> None:
    """And removes the drafts that a killed build left of its own files."""
    registers.data.mkdir(exist_ok=True)
    servers = [registers.data / name for name in (".served.json.draft", ".ledger.seen.json.draft")]
    own = [registers.data / name for name in (".CURRENT.draft", ".subject.key-1a2b")]
    for draft in (*servers, *own):
        draft.touch()
    build(registers.options())
    assert [draft.exists() for draft in (*servers, *own)] == [True, True, False, False]


def test_a_build_publishes_what_the_registers_hold(registers: SmallRegisters) -> None:
    summary = build(registers.options())
    assert current_generation(registers.data) == summary.generation_id
    assert (summary.persons, summary.vehicles) == (100, 30)
    assert fates(summary) == {"renap": "fresh", "oj": "fresh", "sat": "fresh"}
    assert persons_found(registers, 1, 100, 101) == [True, True, False]
    entry = register_of(registers, summary, "renap")
    as_of = int((registers.sources / "renap.csv").stat().st_mtime * 1000)
    assert (entry["ordinal"], entry["state"], entry["rows_read"], entry["rows_refused"]) == (0, "loaded", 100, 0)
    assert abs(entry["as_of_ms"] - as_of) < 1000
    assert leftovers(registers.data) == []
    assert (registers.data / "subject.key").stat().st_mode & 0o777 == 0o600


def test_the_summary_says_it_for_people_and_as_json(registers: SmallRegisters) -> None:
    summary = build(registers.options())
    told = json.loads(json.dumps(summary.to_json()))
    assert {stage["name"] for stage in told["stages"]} == {"extract", "link", "assemble", "check", "publish", "collect"}
    assert told["peak_memory_bytes"] > 1_000_000
    assert told["bytes"] == sum(told["files"].values()) > 0
    assert told["alerts"] == {"WARRANT": 2}
    assert {"criterion": "CUI", "level": "by rule", "links": 103} in told["links"]
    assert [register["rows_read"] for register in told["registers"]] == [100, 3, 30]
    text = io.StringIO()
    Console(file=text, width=200).print(*summary_parts(summary))
    assert "100 persons, 30 vehicles" in text.getvalue()
    assert "renap" in text.getvalue()


def test_progress_without_a_terminal_is_plain_lines(
    registers: SmallRegisters, capsys: pytest.CaptureFixture[str]
) -> None:
    build(registers.options(quiet=False))
    said = capsys.readouterr().err
    assert "extract ..." in said
    assert "133 rows" in said
    assert "\x1b" not in said


def test_an_unreadable_source_is_carried_forward_with_its_old_as_of(registers: SmallRegisters) -> None:
    registers.age("oj", 7200)
    first = build(registers.options())
    before = register_of(registers, first, "oj")
    registers.break_source("oj")
    second = build(registers.options())
    after = register_of(registers, second, "oj")
    assert fates(second)["oj"] == "carried"
    assert (after["state"], after["carried_forward"], after["as_of_ms"]) == ("loaded", True, before["as_of_ms"])
    assert after["carried_reason"]
    assert second.to_json()["alerts"] == {"WARRANT": 2}
    third = build(registers.options())  # and once more: the last good extract is still there
    assert fates(third)["oj"] == "carried"
    registers.write_warrants({f"W{n}": (n, "PENDIENTE") for n in range(1, 4)})
    healed = register_of(registers, build(registers.options()), "oj")
    assert (healed["carried_forward"], healed["carried_reason"]) == (False, "")


def test_a_register_that_was_never_loaded_is_missing(registers: SmallRegisters) -> None:
    registers.break_source("oj")
    summary = build(registers.options())
    entry = register_of(registers, summary, "oj")
    assert (entry["state"], entry["carried_forward"], entry["as_of_ms"]) == ("missing", False, 0)
    assert fates(summary)["oj"] == "missing"


@pytest.mark.parametrize("by_manifest", [False, True])
def test_a_withdrawn_register_is_missing_and_is_not_revived(registers: SmallRegisters, by_manifest: bool) -> None:
    build(registers.options())
    if by_manifest:
        path = registers.manifests / "oj.toml"
        path.write_text(path.read_text().replace("order = 20", "order = 20\nwithdrawn = true"), encoding="utf-8")
        summary = build(registers.options())
    else:
        summary = build(registers.options(withdraw=["oj"]))
    assert fates(summary)["oj"] == "withdrawn"
    assert register_of(registers, summary, "oj")["state"] == "missing"
    assert summary.to_json()["alerts"] == {}
    assert publish_log(registers)[-2]["withdrawn"] == ["oj"]
    registers.break_source("oj")
    if not by_manifest:
        assert fates(build(registers.options()))["oj"] == "missing"


def test_an_unknown_register_id_is_the_callers_mistake(registers: SmallRegisters) -> None:
    with pytest.raises(BuildRefused, match="--withdraw nobody"):
        build(registers.options(withdraw=["nobody"]))
    with pytest.raises(BuildRefused, match="--accept-shrink nobody"):
        build(registers.options(accept_shrink=["nobody"]))
    assert current_generation(registers.data) is None


def test_a_published_register_without_a_manifest_must_be_withdrawn_by_name(registers: SmallRegisters) -> None:
    first = build(registers.options())
    (registers.manifests / "oj.toml").unlink()
    with pytest.raises(PublishingStopped, match=r"^not published: .*--withdraw oj"):
        build(registers.options())
    assert current_generation(registers.data) == first.generation_id
    second = build(registers.options(withdraw=["oj"]))
    assert fates(second) == {"renap": "fresh", "sat": "fresh"}
    assert publish_log(registers)[-2]["removed"] == ["oj"]


def test_a_shrunken_register_stops_the_publishing_until_it_is_accepted(registers: SmallRegisters) -> None:
    first = build(registers.options())
    registers.write_persons(79)  # 21 % fewer, limit 20 %
    with pytest.raises(
        PublishingStopped,
        match=r"^not publ.*renap/personas: 100 rows before, 79 now \(-21\.0 %, limit 20 %\).*--accept-shrink renap/p",
    ):
        build(registers.options())
    assert current_generation(registers.data) == first.generation_id
    summary = build(registers.options(accept_shrink=["renap"]))
    assert summary.persons == 79
    assert "renap/personas: 100 rows before, 79 now" in summary.accepted_shrinks[0]
    assert publish_log(registers)[-2]["accepted_shrinks"] == list(summary.accepted_shrinks)
    registers.write_persons(64)  # 19 % fewer than the accepted extract
    assert build(registers.options()).persons == 64


def test_a_stolen_plate_is_published_with_the_vin_of_a_vehicle_that_is_on_no_file(registers: SmallRegisters) -> None:
    """The plate is the subject: nothing is found by that VIN, and nothing has to be."""
    manifest = stolen_vehicles(plate="PLACA", vin="VIN").replace("STOLEN_VEHICLE", "STOLEN_PLATE")
    (registers.manifests / "rvr.toml").write_text(manifest, encoding="utf-8")
    (registers.sources / "rvr.csv").write_text("ID,PLACA,VIN,FECHA\n1,P-777JKL,3N1AB7AP5FY000777,2024-01-01\n")
    assert build(registers.options()).generation_id == current_generation(registers.data)


def test_what_an_unpublished_build_extracted_is_used_again_when_unchanged(registers: SmallRegisters) -> None:
    build(registers.options())
    registers.write_persons(50)
    with pytest.raises(PublishingStopped):
        build(registers.options())
    summary = build(registers.options(accept_shrink=["renap"]))
    assert {register.register_id: register.resumed for register in summary.registers} == {
        "renap": True,
        "oj": True,
        "sat": True,
    }
    assert summary.persons == 50
    again = build(registers.options())  # a published extract is no leftover: sources are read anew
    assert not any(register.resumed for register in again.registers)


def test_a_changed_source_or_manifest_is_read_again(registers: SmallRegisters) -> None:
    build(registers.options())
    registers.write_persons(50)
    with pytest.raises(PublishingStopped):
        build(registers.options())
    registers.write_persons(51)
    path = registers.manifests / "sat.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("tel. 1550", "tel. 1551"), encoding="utf-8")
    summary = build(registers.options(accept_shrink=["renap"]))
    resumed = {register.register_id: register.resumed for register in summary.registers}
    assert resumed == {"renap": False, "oj": True, "sat": False}
    assert summary.persons == 51


def test_a_manifest_that_breaks_a_rule_is_refused(registers: SmallRegisters) -> None:
    (registers.manifests / "oj.toml").write_text("[register]\n", encoding="utf-8")
    with pytest.raises(ManifestError, match=r"oj\.toml"):
        build(registers.options())


def test_one_indexer_at_a_time_and_it_says_who(registers: SmallRegisters) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib\nfrom indexer.build.lock import indexer_lock\n"
            "with indexer_lock(pathlib.Path(sys.argv[1]), 'build'):\n print('held', flush=True); sys.stdin.read()",
            str(registers.data),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(IndexerBusy, match=f"build by .*, process {holder.pid} "):
            build(registers.options())
    finally:
        holder.kill()
        holder.wait()
        for pipe in (holder.stdin, holder.stdout):
            assert pipe is not None
            pipe.close()
    assert build(registers.options()).persons == 100  # a dead holder holds nothing


def test_a_second_build_of_the_same_process_is_turned_away(registers: SmallRegisters) -> None:
    outcome: list[BaseException] = []

    def second() -> None:
        try:
            build(registers.options())
        except IndexerBusy as error:
            outcome.append(error)

    with indexer_lock(registers.data, "test"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        with pytest.raises(IndexerBusy), indexer_lock(registers.data, "again"):
            pass
    assert len(outcome) == 1


def test_too_little_room_is_said_before_anything_is_read(
    registers: SmallRegisters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.pipeline.LEAST_FREE_BYTES", 10**18)
    with pytest.raises(NoSpace, match="MB free, a build needs about"):
        build(registers.options())
    assert not (registers.data / "staging").exists()


@pytest.mark.parametrize("limit", [0, 4_000, 20_000, 60_000])
def test_a_full_disk_leaves_what_was_published(registers: SmallRegisters, limit: int) -> None:
    """A file-size limit stands in for the full disk: every write beyond it fails as one would."""
    first = build(registers.options())
    registers.write_persons(900)
    program = (
        "import resource, signal, sys, pathlib\n"
        "from indexer.build.options import BuildOptions\n"
        "from indexer.pipeline import build\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "sources, manifests, data = map(pathlib.Path, sys.argv[1:])\n"
        "build(BuildOptions(data=data, sources=sources, manifests=manifests, quiet=True))\n"
    )
    arguments = [str(path) for path in (registers.sources, registers.manifests, registers.data)]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "NoSpace: the disk of" in done.stderr, "said as what it is, and no register is carried forward for it"
    assert current_generation(registers.data) == first.generation_id
    assert published_generations(registers.data) == [first.generation_id]
    assert persons_found(registers, 1, 500) == [True, False]
    assert build(registers.options()).persons == 900
    assert leftovers(registers.data) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_damaged_subject_key_is_not_replaced(registers: SmallRegisters) -> None:
    build(registers.options())
    (registers.data / "subject.key").write_bytes(b"short")
    with pytest.raises(SubjectKeyRefused, match="5 bytes, not 32"):
        build(registers.options())


def test_subject_ids_stay_the_same_from_build_to_build(registers: SmallRegisters) -> None:
    ids = []
    for _ in range(2):
        summary = build(registers.options())
        generation = Generation.open(registers.data / "generations" / summary.generation_id)
        (entity,) = generation.lookup(KEY_CUI, cui_of(5))
        ids.append(generation.dossier(entity)[16:32])
        generation.close()
    assert ids[0] == ids[1]


def test_quarantine_is_the_last_published_builds(registers: SmallRegisters) -> None:
    with (registers.sources / "oj.csv").open("a", encoding="utf-8") as file:
        file.write("W9,x\n")
    summary = build(registers.options())
    assert register_of(registers, summary, "oj")["rows_refused"] == 1
    assert (registers.data / "quarantine" / "oj.parquet").exists()


def test_generations_are_kept_for_roll_back_besides_the_current_one(registers: SmallRegisters) -> None:
    made = [build(registers.options(keep_generations=1)).generation_id for _ in range(3)]
    assert sorted(published_generations(registers.data)) == sorted(made[1:])
    alone = build(registers.options(keep_bytes=1))
    assert published_generations(registers.data) == [alone.generation_id]
    assert sorted(alone.collected) == sorted(made[1:])
    last = build(registers.options(keep_generations=0))
    assert published_generations(registers.data) == [last.generation_id]


def test_a_generation_that_the_live_writer_follows_stays(registers: SmallRegisters) -> None:
    """It serves until the next one holds the changes: without it what is fed was STALE for so long."""
    before, served = (build(registers.options()).generation_id for _ in range(2))
    beat = registers.data / LIVE / served / BEAT
    beat.parent.mkdir(parents=True)
    beat.touch()
    last = build(registers.options(keep_generations=0))
    assert (last.collected, published_generations(registers.data)) == ([before], [served, last.generation_id])
    os.utime(beat, (0, 0))  # the writer went over to the next one
    newest = build(registers.options(keep_generations=0)).generation_id
    assert published_generations(registers.data) == [newest]
