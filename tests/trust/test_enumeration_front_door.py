"""Walks through a list by each method, through gRPC: refused with a time, marked in the log, reported as misuse."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from bench.sampling import draw
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, section_pb2, value_pb2
from server.audit.keys import load_auditor_private
from server.audit.misuse import report
from server.audit.reading import AuditReader
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import Failure, RunningServer, call
from tests.trust.conftest import TrustedServer
from tests.trust.trust_kit import TrustKit, question
from tests.trust.viewers import CLEARANCE, INVESTIGATION, Viewer
from tests.trust.walks import LETTERS, cui_digits

WITHIN = 100
ENUMERATION = 64


@pytest.fixture(scope="module")
def unhurried(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """Two workers, the example's bounds of enumeration, and none of how many look-ups a minute may be."""
    directory = Path(tmp_path_factory.mktemp("enumeration"))
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, small_nation.generation_directory).publish()
    kit = TrustKit(directory / "keys")
    limits = kit.trust / "limits.toml"
    text = re.sub(r"^(officer|officer_day|device|hours) = .*$", "", limits.read_text(encoding="utf-8"), flags=re.M)
    limits.write_text(text, encoding="utf-8")
    server = RunningServer(data, directory / "server.log", **{"workers": 2, **kit.settings})
    yield TrustedServer(server.wait_ready(), kit, data)
    server.stop()
    shutil.rmtree(data)


def _cui(i: int) -> str:
    return cui_digits(21_000_000 + 21 * i, 101)


def _ten_ranges(i: int) -> str:
    return cui_digits(21_000_000 + 1_000_000 * (i % 10) + 21 * (i // 10), 101 + i % 10)


def _vin(i: int) -> str:
    return f"3N1CK3CD0KL{300_000 + 21 * i:06d}"


WALKS: dict[str, Callable[[int], Any]] = {
    "CheckPerson, every 21st CUI": lambda i: checks.CheckPersonRequest(cui=_cui(i)),
    "Check, ten ranges in turn": lambda i: checks.CheckRequest(query=_ten_ranges(i)),
    "Check, CUIs in any order": lambda i: checks.CheckRequest(query=cui_digits(21_000_000 + i * 617 % 2500, 101)),
    "CheckPerson, document numbers": lambda i: checks.CheckPersonRequest(
        document=value_pb2.ForeignDocument(country="SLV", number=f"B{1_000_000 + 21 * i:07d}")
    ),
    "CheckPerson, cédulas": lambda i: checks.CheckPersonRequest(cedula=f"A-1 {100_000 + 21 * i}"),
    "CheckPerson, licences": lambda i: checks.CheckPersonRequest(licence=_cui(i)),
    "CheckVehicle, plate letters": lambda i: checks.CheckVehicleRequest(
        plate=f"P-123{''.join(random.Random(i).choices(LETTERS, k=3))}"
    ),
    "CheckVehicle, VINs": lambda i: checks.CheckVehicleRequest(vin=_vin(i)),
    "CheckVehicle, engines": lambda i: checks.CheckVehicleRequest(engine=f"2TR{1_000_000 + 21 * i}"),
    "SearchVehicles, patterns": lambda i: checks.SearchVehiclesRequest(plate_pattern=f"P-{i:03d}*"),
    "SearchVehicles, free text": lambda i: checks.SearchVehiclesRequest(query=f"P-{i:03d}* toyota"),
    "ListRecords, subjects": lambda i: checks.ListRecordsRequest(
        subject_id=f"{i:032x}", section=section_pb2.SECTION_WARRANT
    ),
}


def _until_refused(viewer: Viewer, walk: Callable[[int], Any]) -> tuple[int, Failure]:
    """Returns how many look-ups were made, and the refusal."""
    for number in range(1, WITHIN + 1):
        try:
            viewer.raw(walk(number))
        except grpc.RpcError as error:
            failure = Failure(error)
            if failure.reason != "SUBJECT_NOT_FOUND":
                return number, failure
    raise AssertionError("a hundred look-ups")


def _findings(server: TrustedServer, nip: str) -> set[str]:
    key = load_auditor_private(server.kit.directory / "audit-keys" / "auditor.key")
    reader = AuditReader(server.data / "audit", key)
    return {finding.rule for finding in report(reader) if finding.who.startswith(f"{nip} ")}


@pytest.mark.parametrize("walk", WALKS)
def test_each_walk_is_refused_and_reported(unhurried: TrustedServer, walk: str) -> None:
    viewer = Viewer(unhurried.kit, unhurried.address, "pnc/investigator", INVESTIGATION)
    number, failure = _until_refused(viewer, WALKS[walk])
    assert 10 < number <= WITHIN
    assert failure.reason == "LIMIT_EXCEEDED"
    assert failure.quota in ("neighbours", "misses")
    assert failure.retry_after_s is not None
    assert 0 < failure.retry_after_s < 86_400
    record = unhurried.newest()[0]
    assert record.flags & ENUMERATION
    assert record.identity["nip"] == viewer.nip
    assert "enumeration" in _findings(unhurried, viewer.nip)


def test_a_list_beside_a_person_on_file(unhurried: TrustedServer, small_nation: BuiltNation) -> None:
    """A licence's owner is looked for by a further identifier of somebody who is known."""
    viewer = Viewer(unhurried.kit, unhurried.address, "pnc/investigator", INVESTIGATION)
    known = small_nation.cast["persons"]["wanted"]
    _, failure = _until_refused(viewer, lambda i: checks.CheckPersonRequest(cui=known, licence=_cui(i)))
    assert failure.quota == "neighbours"


@pytest.mark.parametrize("rows", [1, 7, 50])
def test_clear_over_a_range(unhurried: TrustedServer, rows: int) -> None:
    """One row a message or many: the batch in which the hundredth row stands is refused whole, and so is its retry."""
    agency = unhurried.kit.issuer("digecam")
    pair = agency.device("certificados", f"desk-{rows}")
    token = agency.token(f"{600 + rows}", "certificados", ["clearance"], pair.thumbprint)
    client = unhurried.kit.client(pair, token)

    def batches(first: int) -> Iterator[bytes]:
        for start in range(first, 10_000, rows):
            people = range(start, start + rows)
            batch = clearance.ClearRequest(row_ids=people, cuis=[_cui(i) for i in people])
            if start == first:
                batch.context.purpose = CLEARANCE
                batch.standard = clearance.CLEARANCE_STANDARD_WANTED
            yield batch.SerializeToString()

    answered = 0
    with unhurried.kit.channel(unhurried.address, client) as channel:
        open_stream: Any = channel.stream_stream("/ronda.v1.ClearanceService/Clear", None, None)
        for _ in range(2):
            with pytest.raises(grpc.RpcError) as caught:
                for _ in open_stream(batches(answered), timeout=60, metadata=client.metadata):
                    answered += rows
            assert Failure(caught.value).quota in ("neighbours", "misses")
            assert answered + rows <= WITHIN


def test_a_file_of_people_on_file_is_cleared(unhurried: TrustedServer, small_nation: BuiltNation) -> None:
    """A tenth of them is unknown."""
    viewer = Viewer(unhurried.kit, unhurried.address, "digecam/clearance", CLEARANCE)
    rows, _ = draw(small_nation.generation_directory, 450, seed=3)
    rows += [cui_digits(90_000_000 + 100_003 * i, 101 + i % 10) for i in range(50)]
    random.Random(3).shuffle(rows)
    response = viewer.clear(clearance.CLEARANCE_STANDARD_WANTED, rows)
    assert len(response.results) == len(rows)


def test_guesses_among_people_on_file_are_refused(unhurried: TrustedServer, small_nation: BuiltNation) -> None:
    """One row in seven goes through a range; the others are twenty people on file, again and again."""
    viewer = Viewer(unhurried.kit, unhurried.address, "digecam/clearance", CLEARANCE)
    known, _ = draw(small_nation.generation_directory, 20, seed=4)
    answered = 0
    with pytest.raises(grpc.RpcError) as caught:
        for start in range(0, 7_000, 350):
            rows = [_cui(i) if i % 7 == 0 else known[i % 20] for i in range(start, start + 350)]
            answered += len(viewer.clear(clearance.CLEARANCE_STANDARD_WANTED, rows).results)
    assert Failure(caught.value).quota in ("neighbours", "misses")
    assert answered < 1_000


def test_strangers_are_nobody_missed(unhurried: TrustedServer) -> None:
    """Passports from abroad that are on no file here, of no row."""
    viewer = Viewer(unhurried.kit, unhurried.address, "pnc/investigator", INVESTIGATION)
    rng = random.Random(8)
    refused = []
    for _ in range(60):
        number = "".join(rng.choices(LETTERS, k=2)) + f"{rng.randrange(10**7):07d}"
        try:
            viewer(checks.CheckPersonRequest(document=value_pb2.ForeignDocument(country="SLV", number=number)))
        except grpc.RpcError as error:
            refused.append(Failure(error).quota)
    assert refused == []


def test_break_glass_is_not_stopped(unhurried: TrustedServer) -> None:
    """Danger to life: its look-ups may lie near, and each is reviewed."""
    client = unhurried.kit.patrol("glass-car", "77001")
    with unhurried.kit.channel(unhurried.address, client) as channel:
        for i in range(40):
            request = question(context_pb2.PURPOSE_BREAK_GLASS, _cui(i), reason="peligro de muerte")
            call(channel, "CheckService/CheckPerson", request, metadata=client.metadata)
