"""Rights to ask: each refused caller, purpose, role and allowance has the same answer and record by both."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.audit.reader import Flag
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.lane.came import ask
from tests.lane.laned import (
    CHECK,
    CHECK_PERSON,
    CHECK_VEHICLE,
    HEALTH,
    PATHS,
    Laned,
    patrols_by_the_day,
    patrols_without_end,
)
from tests.lane.twins import Twins, start_twins
from tests.server.requests import CUI
from tests.server.running_server import until
from tests.trust.test_bad_input import AFTER_THE_HANDSHAKE
from tests.trust.test_reload import _write
from tests.trust.trust_kit import Client, TrustKit, question
from tests.trust.walks import cui_digits

WANTED = "8750313310502"


@pytest.fixture(scope="module")
def twins(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Two servers with the example policy and its allowances."""
    directory = Path(tmp_path_factory.mktemp("twins"))
    both = start_twins(small_nation, directory, patrols_by_the_day)
    yield both
    for server in (both.grpcio, both.lane):
        assert server.server.events("internal_error") == []
        assert server.server.stop() == 0
    shutil.rmtree(directory)


LOOKED_AT = [name for name, row in AFTER_THE_HANDSHAKE.items() if f"/ronda.v1.{row.method}" in PATHS]


@pytest.mark.parametrize("name", LOOKED_AT)
def test_refused_after_the_handshake(twins: Twins, name: str) -> None:
    row = AFTER_THE_HANDSHAKE[name]
    came = twins.alike(row.client(twins.kit), f"/ronda.v1.{row.method}", row.request())
    assert came.reason == row.reason
    assert twins.records(1)[0].status


_nips = itertools.count(30_001)


def officer(kit: TrustKit, role: str = "pnc/patrol") -> Client:
    """Returns an officer with allowances that nobody has touched."""
    institution, name = role.split("/")
    issuer, nip = kit.issuer(institution), str(next(_nips))
    pair = issuer.device("zona-1", f"device-{nip}")
    return kit.client(pair, issuer.token(nip, "zona-1", [name], pair.thumbprint))


ROLES = ("pnc/patrol", "pnc/investigator", "mp/prosecutor", "migracion/border", "digecam/clearance", "pnc/nobody")
CASE = "MP001-2026-1"


@pytest.mark.parametrize("role", ROLES)
def test_every_purpose_of_every_role(twins: Twins, role: str, small_nation: BuiltNation) -> None:
    """With a case number and a reason, without either; who is wanted, watched, protected, of age and not."""
    persons = small_nation.cast["persons"]
    cuis = [str(persons[who]) for who in ("wanted", "discreet", "victim", "minor", "clean")]
    reasons = set()
    for purpose in range(len(context_pb2.Purpose.values()) + 2):
        with twins.asked_by(officer(twins.kit, role)) as pair:
            for frame in ({}, {"case_number": CASE, "reason": "disparos en la zona"}):
                for cui in cuis:
                    context = context_pb2.RequestContext(purpose=purpose, **frame)  # type: ignore[arg-type]
                    request = checks.CheckPersonRequest(context=context, cui=cui)
                    reasons.add(pair.alike(CHECK_PERSON, request.SerializeToString()).reason)
            plate = "P-323ZZB"  # stolen
            context = context_pb2.RequestContext(purpose=purpose, case_number=CASE)  # type: ignore[arg-type]
            for path, kind, field in (
                (CHECK, "CheckRequest", "query"),
                (CHECK_VEHICLE, "CheckVehicleRequest", "plate"),
            ):
                request = getattr(checks, kind)(context=context, **{field: plate})
                reasons.add(pair.alike(path, request.SerializeToString()).reason)
    assert "FORBIDDEN" in reasons or "FIELD_INVALID" in reasons
    twins.records(50)


def test_an_allowance_that_is_spent(twins: Twins) -> None:
    """The 20 of a patrol's day, then refusals that name it; by another connection it is no other allowance."""
    client = officer(twins.kit)
    reasons = []
    for _ in range(2):
        with twins.asked_by(client) as pair:
            reasons += [pair.alike(CHECK_PERSON, question(cui=WANTED)).reason for _ in range(15)]
    assert reasons == [""] * 20 + ["LIMIT_EXCEEDED"] * 10
    twins.records(30)


@pytest.mark.parametrize("which", ["misses", "neighbours", "repeats"])
def test_what_enumerates_is_refused_and_marked(twins: Twins, which: str) -> None:
    client = officer(twins.kit)
    with twins.asked_by(client) as pair:
        for number in range(30):
            cui = {"misses": cui_digits(31_000_000 + 9_973 * number, 101), "repeats": WANTED}.get(
                which, cui_digits(21_000_000 + number, 101)
            )
            pair.alike(CHECK_PERSON, question(cui=cui))
    seen = twins.records(30)
    if which == "repeats":
        assert any(record.flags & Flag.REPEATED for record in seen)
    else:
        assert any(record.flags & Flag.ENUMERATION for record in seen) or any(record.status for record in seen)


def test_an_allowance_is_one_for_both_transports(twins: Twins) -> None:
    """The server is one: an allowance spent by grpcio is not there by the lane."""
    client, server = officer(twins.kit), twins.grpcio
    came = []
    with server.channel(server.address, client) as own, server.channel(server.lane, client) as lane:
        for number in range(30):
            channel = lane if number % 2 else own
            came.append(ask(channel, CHECK_PERSON, question(cui=WANTED), client.metadata).reason)
    assert came == [""] * 20 + ["LIMIT_EXCEEDED"] * 10
    # its twin is asked the same, so that their logs stay alike
    with server.channel(twins.lane.address, client) as own, server.channel(twins.lane.lane, client) as lane:
        for number in range(30):
            ask(lane if number % 2 else own, CHECK_PERSON, question(cui=WANTED), client.metadata)


def test_a_retry_counts_once_and_is_marked(twins: Twins) -> None:
    client = officer(twins.kit)
    with twins.asked_by(client) as pair:
        for _ in range(32):  # more than the allowance has; later ones count again
            assert pair.alike(CHECK_PERSON, question(cui=WANTED, request_id="r-1")).code == "OK"
        other = pair.alike(CHECK_PERSON, question(cui=CUI, request_id="r-1"))
        assert other.reason == "FIELD_INVALID"
    flags = [bool(record.flags & Flag.RETRY) for record in twins.records(33)[:-1]]
    assert flags == [False] + [True] * 31


def test_a_retry_by_the_other_transport_counts_once(twins: Twins) -> None:
    for server in (twins.grpcio, twins.lane):
        client = officer(twins.kit)
        with server.channel(server.address, client) as own, server.channel(server.lane, client) as lane:
            for channel in (own, lane, own, lane):
                assert ask(channel, CHECK_PERSON, question(cui=WANTED, request_id="r-2"), client.metadata).code == "OK"
        flags = [bool(record.flags & Flag.RETRY) for record in server.records(4)]
        assert flags == [False, True, True, True]


def test_break_glass_is_marked(twins: Twins) -> None:
    request = question(context_pb2.PURPOSE_BREAK_GLASS, WANTED, reason="disparos en la zona")
    assert twins.alike(officer(twins.kit), CHECK_PERSON, request).code == "OK"
    assert twins.records(1)[0].flags & Flag.BREAK_GLASS


@pytest.mark.parametrize("what", ["officer", "device"])
def test_the_revoked(twins: Twins, what: str) -> None:
    nip, device = {"officer": ("10062", "patrol-62"), "device": ("10063", "patrol-63")}[what]
    client, revoked = twins.kit.patrol(device, nip), twins.kit.trust / "revoked.toml"
    line = {
        "officer": f'officers = ["pnc/{nip}"]\n',
        "device": f'devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/{device}"]\n',
    }[what]
    assert twins.alike(client, CHECK_PERSON, question(cui=WANTED)).code == "OK"
    _write(revoked, line)
    try:
        for server in (twins.grpcio, twins.lane):
            until(lambda server=server: _reason(server, client) == "REVOKED")
        assert twins.alike(client, CHECK_PERSON, question(cui=WANTED)).reason == "REVOKED"
        twins.records(1)
    finally:
        _write(revoked, "")


def _reason(server: Laned, client: Client) -> str:
    with server.channel(server.lane, client) as channel:
        return ask(channel, CHECK_PERSON, question(cui=WANTED), client.metadata).reason


def test_a_token_that_expires_under_an_open_connection(twins: Twins) -> None:
    now = int(time.time())
    ends = now - 28  # two seconds from now: clocks may differ by thirty
    client = twins.kit.patrol("patrol-60", "10060", iat=ends - 600, nbf=ends - 600, exp=ends)
    with twins.asked_by(client) as pair:
        assert pair.alike(CHECK_PERSON, question(cui=WANTED)).reason in ("", "TOKEN_EXPIRED")
        while time.time() < ends + 31:
            time.sleep(0.1)
        assert pair.alike(CHECK_PERSON, question(cui=WANTED)).reason == "TOKEN_EXPIRED"


def test_metadata_up_to_the_limit_and_over_it(twins: Twins) -> None:
    client = officer(twins.kit)
    spent = sum(len(key) + len(value) + 32 for key, value in client.metadata)
    reasons = []
    with twins.asked_by(client) as pair:
        for room in range(8192 - spent - 400, 8192 - spent + 200, 40):
            more = (*client.metadata, ("x-padding", "x" * (room - 41)))
            reasons.append(pair.alike(CHECK_PERSON, question(cui=WANTED), metadata=more).reason)
        binary = (*client.metadata, ("x-more-bin", bytes(range(256))))
        assert pair.alike(CHECK_PERSON, question(cui=WANTED), metadata=binary).code == "OK"
    assert set(reasons) == {"", "METADATA_TOO_LARGE"}
    assert sorted(reasons, key=bool) == reasons


def test_many_small_headers_are_refused_and_the_connection_lives(twins: Twins) -> None:
    client = officer(twins.kit)
    many = (*client.metadata, *((f"x-{number}", "aaaa") for number in range(300)))
    with twins.asked_by(client) as pair:
        assert pair.alike(CHECK_PERSON, question(cui=WANTED), metadata=many).reason == "METADATA_TOO_LARGE"
        assert pair.alike(CHECK_PERSON, question(cui=WANTED)).code == "OK"


@pytest.mark.parametrize("path", [CHECK_PERSON, HEALTH], ids=["CheckPerson", "health"])
def test_binary_metadata_up_to_the_limit_and_over_it(twins: Twins, path: str) -> None:
    """It counts what it is, not what it is written as; health's metadata too."""
    client = officer(twins.kit)
    request = question(cui=WANTED) if path == CHECK_PERSON else b""
    reasons = []
    with twins.asked_by(client) as pair:
        for size in range(6800, 8200, 200):
            more = (*client.metadata, ("x-much-bin", bytes(size)))
            reasons.append(pair.alike(path, request, metadata=more).reason)
        assert pair.alike(path, request).code == "OK"
    assert set(reasons) == {"", "METADATA_TOO_LARGE"}
    assert sorted(reasons, key=bool) == reasons
    twins.records(1)


@pytest.mark.parametrize("which", ["before", "behind", "both"])
def test_an_empty_token_beside_hers_is_one_too_many(twins: Twins, which: str) -> None:
    client, empty = officer(twins.kit), ("authorization", "")
    shown = {
        "before": (empty, *client.metadata),
        "behind": (*client.metadata, empty),
        "both": (empty, *client.metadata, empty),
    }
    with twins.asked_by(client) as pair:
        assert pair.alike(CHECK_PERSON, question(cui=WANTED), metadata=shown[which]).reason == "TOKEN_INVALID"
        assert pair.alike(CHECK_PERSON, question(cui=WANTED)).code == "OK"
    twins.records(2)


def test_health_needs_no_token(twins: Twins) -> None:
    client = officer(twins.kit)
    assert twins.alike(Client(client.pair, ()), HEALTH, b"").code == "OK"


def test_thousands_of_questions_of_patrols(small_nation: BuiltNation, tmp_path: Path) -> None:
    """In production mode: what a patrol may see of each, and what the auditor reads of it."""
    count = 600
    both = start_twins(small_nation, tmp_path, patrols_without_end)
    try:
        drawer = Drawer(small_nation.oracle, 11)
        numbers = itertools.count()
        with both.asked_by(officer(both.kit)) as pair:
            for asked in drawer.questions(10 * count):
                path = f"/ronda.v1.CheckService/{asked.method}"
                if path not in PATHS:
                    continue
                if (number := next(numbers)) == count:
                    break
                context = asked.request.context
                context.purpose, context.request_id = context_pb2.PURPOSE_TRAFFIC_STOP, f"q-{number}"
                pair.alike(path, asked.request.SerializeToString())
        assert len(both.records(count)) == count
    finally:
        for server in (both.grpcio, both.lane):
            assert server.server.stop() == 0
