"""Hidden sections, and registers that are late, damaged or gone: each role has the same answer and record by both."""

from __future__ import annotations

import datetime
import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.lane.came import timeless
from tests.lane.laned import CHECK_PERSON, CHECK_VEHICLE, PATHS, Laned
from tests.lane.twins import Twins, start_twins
from tests.server.running_server import until
from tests.trust.trust_kit import TrustKit, question
from tests.trust.viewers import CLEARANCE, INVESTIGATION, STOP, VICTIM, Viewer, add_test_roles, notified

pytestmark = pytest.mark.slow  # two builds of a nation

BORDER, GLASS = context_pb2.PURPOSE_BORDER, context_pb2.PURPOSE_BREAK_GLASS
SEES = (
    ("pnc/patrol", STOP),
    ("pnc/patrol", GLASS),
    ("pnc/investigator", INVESTIGATION),
    ("pnc/investigator", VICTIM),
    ("mp/prosecutor", INVESTIGATION),
    ("migracion/border", BORDER),
    ("digecam/clearance", CLEARANCE),
    ("pnc/blind", STOP),
)
QUESTIONS = 25
_numbers = itertools.count()


def _prepare(kit: TrustKit) -> None:
    """A role that sees no warrants; allowances that refuse nobody, at any hour."""
    add_test_roles(kit)
    path = kit.trust / "limits.toml"
    names = re.findall(r"^\[(.+)\]$", path.read_text(encoding="utf-8"), re.MULTILINE)
    endless = "officer = { count = 1000000000, seconds = 60, burst = 1000000000 }\nrefuse = []\n"
    path.write_text("\n".join(f"[{name}]\n{endless}" for name in names), encoding="utf-8")


def _late(nation: BuiltNation) -> None:
    """Alerts and context of a month ago, and the authority's file unreadable."""
    old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=31)
    for register in ("sapo", "transito"):
        path = nation.registers / register / "CORTE"
        path.write_text(old.isoformat(timespec="seconds") + "\n", encoding="utf-8")
    for path in (nation.registers / "oj").iterdir():
        if path.name != "CORTE":
            path.write_bytes(bytes(100))
    nation.build()


def _gone(nation: BuiltNation) -> None:
    nation.build(withdraw=["renap", "sapo"])


CHANGES = {"whole": None, "late": _late, "gone": _gone}


@pytest.fixture(scope="module", params=CHANGES)
def twins(
    request: pytest.FixtureRequest, small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    directory = Path(tmp_path_factory.mktemp("states"))
    change, nation = CHANGES[request.param], small_nation
    if change is not None:
        shutil.copytree(small_nation.directory, directory / "nation")
        nation = BuiltNation(directory / "nation", small_nation.dsn)
        change(nation)
    both = start_twins(nation, directory, _prepare)
    yield both
    for server in (both.grpcio, both.lane):
        assert server.server.events("internal_error") == []
        assert server.server.stop() == 0
    shutil.rmtree(directory)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("role", "purpose"), SEES)
def test_each_role(twins: Twins, small_nation: BuiltNation, role: str, purpose: int) -> None:
    client = Viewer(twins.kit, twins.grpcio.address, role, purpose).client
    cast = small_nation.cast
    requests: list[tuple[str, Any]] = [
        (CHECK_PERSON, checks.CheckPersonRequest(cui=str(who))) for who in cast["persons"].values()
    ]
    requests += [(CHECK_VEHICLE, checks.CheckVehicleRequest(plate=what["plate"])) for what in cast["vehicles"].values()]
    for asked in Drawer(small_nation.oracle, 28).questions(QUESTIONS):
        requests.append((f"/ronda.v1.CheckService/{asked.method}", asked.request))
    answered = 0
    with twins.asked_by(client) as pair:
        for path, request in requests:
            if path not in PATHS:
                continue
            context = request.context
            context.purpose, context.case_number, context.reason = purpose, "MP001-2026-1", "disparos en la zona"
            context.request_id = f"states-{next(_numbers)}"
            answered += pair.alike(path, request.SerializeToString()).code == "OK"
    assert answered > 50
    twins.records(answered)
    until(lambda: _told(twins.lane) and _told(twins.grpcio) == _told(twins.lane))  # owners are told half a second later
    assert _told(twins.lane)


def test_a_crowd_at_once(twins: Twins, small_nation: BuiltNation) -> None:
    """A hundred officers of one device, by purposes that policy was not asked about: each gets the right answer."""
    kit, wanted = twins.kit, str(small_nation.cast["persons"]["wanted"])
    pair = kit.police.device("zona-1", f"crowd-{next(_numbers)}")
    roles = itertools.cycle(["patrol", "investigator", "blind"])
    tokens = [kit.police.token(str(40_001 + i), "zona-1", [next(roles)], pair.thumbprint) for i in range(100)]
    crowd = [kit.client(pair, token) for token in tokens]
    frame = {"cui": wanted, "case_number": "MP001-2026-1", "reason": "disparos en la zona"}
    came: dict[str, list[tuple[str, str, str | bytes]]] = {"grpcio": [], "lane": []}
    with twins.asked_by(crowd[0]) as both:
        for name, channel in (("grpcio", both.grpcio), ("lane", both.lane)):
            stub: Any = channel.unary_unary(CHECK_PERSON, None, None)
            for purpose in (STOP, INVESTIGATION, GLASS, BORDER):
                asked = [
                    stub.future(
                        question(purpose, request_id=f"crowd-{purpose}-{number}", **frame),
                        metadata=client.metadata,
                        timeout=60,
                    )
                    for number, client in enumerate(crowd)
                ]
                for call in asked:
                    response = timeless(CHECK_PERSON, call.result()) if call.exception() is None else b""
                    came[name].append((call.code().name, call.details(), response))
    assert came["lane"] == came["grpcio"]
    assert {code for code, _, _ in came["lane"]} == {"OK", "PERMISSION_DENIED"}


def _told(server: Laned) -> list[dict[str, object]]:
    """Returns the notices to owners of discreet alerts, in their order, without what differs from call to call."""
    differs = {"at", "answer_id"}
    return [{name: each[name] for name in each if name not in differs} for each in notified(server.data)]
