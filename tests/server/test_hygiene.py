"""Nothing personal in logs, metrics and errors; secrets from files; files, dumps and users of a server's processes."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest

from ronda import command
from ronda.settings import load_settings
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from server.settings import SettingsError
from tests.house.dependency_audit import pinned, verdict
from tests.kit.between_workers import run_directory
from tests.kit.nation_kit import BuiltNation
from tests.kit.personal_data import PersonalData, log_files
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.running_server import ROOT, call, clear
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="module")
def personal(small_nation: BuiltNation) -> PersonalData:
    return PersonalData(small_nation)


@pytest.fixture(scope="module")
def production(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("production")))
    yield running
    running.server.stop()


def questions(nation: BuiltNation) -> Iterator[tuple[str, bytes]]:
    """Right and wrong ones, each with something personal in it."""
    people, vehicles = nation.cast["persons"], nation.cast["vehicles"]
    for who in ("clean", "wanted", "discreet", "victim", "minor", "deceased"):
        yield "CheckPerson", checks.CheckPersonRequest(cui=people[who]).SerializeToString()
        yield "Check", checks.CheckRequest(query=people[who]).SerializeToString()
        yield "CheckPerson", checks.CheckPersonRequest(query=people[who], nit=people[who]).SerializeToString()
        yield "CheckPerson", checks.CheckPersonRequest(cui=people[who] + "9").SerializeToString()
        yield (
            "ListRecords",
            checks.ListRecordsRequest(subject_id=people[who], section="SECTION_IDENTITY").SerializeToString(),
        )
        yield "SearchPersons", checks.SearchPersonsRequest(names="x", page_token=people[who]).SerializeToString()
        yield "CheckPerson", people[who].encode()  # no message at all
    for vehicle in vehicles.values():
        yield "CheckVehicle", checks.CheckVehicleRequest(plate=vehicle["plate"]).SerializeToString()
        yield "SearchVehicles", checks.SearchVehiclesRequest(plate_pattern=vehicle["plate"]).SerializeToString()
        yield "CheckVehicle", checks.CheckVehicleRequest(vin=vehicle["plate"]).SerializeToString()
    for telephone in ("59990000", "Isabel Aurora Aycinena Beltranena"):
        yield "Check", checks.CheckRequest(query=telephone).SerializeToString()
        yield "CheckPerson", checks.CheckPersonRequest(telephone=telephone).SerializeToString()


def said_in_errors(channel: grpc.Channel, method: str, request: bytes) -> str:
    """The status, its text and its trailers; "" for an answer."""
    try:
        call(channel, f"CheckService/{method}", request)
    except grpc.RpcError as error:
        refused: Any = error
        trailers = b" ".join(v if isinstance(v, bytes) else v.encode() for _, v in refused.trailing_metadata() or ())
        return f"{refused.code()} {refused.details()} {trailers.decode('utf-8', 'replace')}"
    return ""


def test_logs_metrics_and_errors_name_nobody(
    small_nation: BuiltNation, personal: PersonalData, published: Published, start_server: StartServer
) -> None:
    """At the noisiest level, with every kind of question and mistake."""
    published.publish()
    server = start_server(log_level="debug", workers=1).wait_ready()
    errors = []
    with server.channel() as channel:
        errors = [said_in_errors(channel, method, request) for method, request in questions(small_nation)]
        people = list(small_nation.cast["persons"].values())[:20]
        batch = clearance.ClearRequest(standard=1, row_ids=range(20), cuis=people).SerializeToString()  # type: ignore[arg-type]
        list(clear(channel, iter([batch])))
    assert sum(map(bool, errors)) > 20
    assert not personal.within("\n".join(errors))
    assert not personal.within(server.metrics())
    server.stop()
    logged = server.log_path.read_text(encoding="utf-8")
    assert len(logged.splitlines()) > 20
    assert not personal.within(logged)


def test_no_log_of_this_run_names_anybody(
    personal: PersonalData, tmp_path_factory: pytest.TempPathFactory, production: TrustedServer
) -> None:
    """The logs are all that the suite's servers have written so far."""
    seen = 0
    for path in log_files([run_directory(tmp_path_factory)]):
        if not os.access(path, os.R_OK):
            continue
        seen += 1
        assert not personal.within(path.read_text(encoding="utf-8", errors="replace")), path
    assert seen


def test_what_is_personal_is_found(personal: PersonalData, small_nation: BuiltNation) -> None:
    """The search itself finds a CUI, a plate and a name where they stand."""
    cui, plate = small_nation.cast["persons"]["clean"], small_nation.cast["vehicles"]["clean_vehicle"]["plate"]
    assert personal.within(f'{{"event":"x","field":"{cui}"}}') == [cui]
    assert personal.within(f"asked for {plate}.") == [plate]
    assert personal.within(f"name={sorted(personal.names)[0].title()},")
    assert personal.within("ready on 127.0.0.1:50051 after 1764000000000 ms") == []


def test_files_are_for_their_owner_alone(production: TrustedServer) -> None:
    """A server writes, beside the generation that it was given, the audit log, limits, keys of a day."""
    written = [path for path in production.data.rglob("*") if path.is_file() and "generations" not in path.parts]
    written = [path for path in written if path.name != "CURRENT"]
    assert any(path.suffix == ".seg" for path in written)
    assert [path for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_a_generation_is_for_its_owner_alone(small_nation: BuiltNation) -> None:
    for name in ("dossiers.bin", "keys.mdb", "entities.bin"):
        assert stat.S_IMODE((small_nation.generation_directory / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((small_nation.data / "subject.key").stat().st_mode) == 0o600


def test_the_command_writes_for_its_user_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o022)
    try:
        monkeypatch.setattr(command, "app", lambda **_: None)
        with pytest.raises(SystemExit):
            command.main()
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)


def test_no_process_leaves_a_core(production: TrustedServer) -> None:
    """No limit that allows one; and each process, not being dumpable, belongs to root in /proc whoever runs it."""
    server = psutil.Process(production.server.process.pid)
    processes = [server, *server.children(recursive=True)]
    assert len(processes) >= 3  # a worker, and who signs checkpoints
    for process in processes:
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try to be root")
def test_production_is_not_served_as_root(production: TrustedServer) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    settings = {"data": production.data, **production.kit.settings}
    environment |= {f"RONDA_{name.upper()}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "does not run as root" in done.stderr


@pytest.mark.parametrize("dsn", ["postgresql://ronda:secret@db/registro", "host=db password=secret"])
def test_a_password_in_a_setting_is_refused(dsn: str) -> None:
    with pytest.raises(SettingsError, match="passfile") as refused:
        load_settings(postgres={"renap": dsn})
    assert "secret" not in str(refused.value).replace("passfile", "")


def test_the_audit_of_packages_says_what_it_could_not_do() -> None:
    assert pinned("# c\na==1 \\\n    --hash=x\nb==2 ; python_version < '3.12' \\\n") == ["a==1", "b==2"]
    assert verdict([], 2)[0] == 0
    assert "NOTHING WAS AUDITED" in verdict([], 2)[1]
    flawed = [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]
    assert verdict(flawed, 1) == (1, "known vulnerabilities:\na 1: PYSEC-1")
    assert verdict([{"name": "a", "version": "1", "vulns": []}], 1) == (0, "")
