"""Thousands of questions, good and bad, to grpcio and to the lane: the same answer, status, details and metadata."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest
from grpc_health.v1 import health_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.lane.came import Came, ask, differences, timeless
from tests.lane.laned import CHECK, CHECK_PERSON, CHECK_VEHICLE, HEALTH, PATHS, LanedAtHome
from tests.server.requests import CUI
from tests.server.test_bad_input import CASES

pytestmark = pytest.mark.slow  # half a minute of questions

GOOD, BAD = 1500, 2000
Both = dict[str, grpc.Channel]


@pytest.fixture(scope="module")
def both(at_home: LanedAtHome) -> Iterator[Both]:
    """A channel to each transport."""
    with ExitStack() as held:
        own = [("grpc.use_local_subchannel_pool", 1)]
        yield {name: held.enter_context(grpc.insecure_channel(at, own)) for name, at in at_home.both.items()}


def alike(both: Both, path: str, request: bytes) -> Came:
    """Returns what both say; fails where they differ."""
    came = {name: ask(channel, path, request) for name, channel in both.items()}
    assert differences(came["grpcio"], came["lane"]) == {}
    return came["lane"]


def test_questions_of_every_kind(both: Both, small_nation: BuiltNation) -> None:
    answered = 0
    drawer = Drawer(small_nation.oracle, 20261127)
    questions = (each for each in drawer.questions(10 * GOOD) if f"/ronda.v1.CheckService/{each.method}" in PATHS)
    for number, question in enumerate(questions):
        if number == GOOD:
            break
        path = f"/ronda.v1.CheckService/{question.method}"
        answered += alike(both, path, question.request.SerializeToString()).code == "OK"
    assert answered > GOOD * 0.8


def _spoilt(chance: random.Random, request: bytes) -> bytes:
    """Some bytes changed, lost, put in or put at the end."""
    content = bytearray(request)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(content) + 1)
        what = chance.randrange(5)
        if what == 0 and place < len(content):
            content[place] = chance.randrange(256)
        elif what == 1:
            content[place:place] = chance.randbytes(chance.randrange(1, 9))
        elif what == 2:
            del content[place : place + chance.randrange(1, 9)]
        elif what == 3:
            del content[place:]
        else:
            content += bytes([chance.randrange(256), chance.randrange(128)])
    return bytes(content)


def test_spoilt_questions(both: Both, small_nation: BuiltNation) -> None:
    chance = random.Random(20261127)
    drawer = Drawer(small_nation.oracle, 7)
    came: set[str] = set()
    for question in drawer.questions(BAD):
        request = _spoilt(chance, question.request.SerializeToString())
        came.add(alike(both, chance.choice(PATHS), request).reason)
    assert came >= {"", "MESSAGE_MALFORMED", "FIELD_INVALID", "QUESTION_EMPTY"}


@pytest.mark.parametrize(
    "case", [name for name, row in CASES.items() if row[0] in ("Check", "CheckPerson", "CheckVehicle")]
)
def test_bad_questions(both: Both, case: str) -> None:
    method, request, reason, _ = CASES[case]
    assert alike(both, f"/ronda.v1.CheckService/{method}", request).reason == reason


@settings(max_examples=300)
@given(path=st.sampled_from(PATHS), request=st.binary(max_size=300))
def test_any_bytes(both: Both, path: str, request: bytes) -> None:
    alike(both, path, request)


_TEXTS = st.text(max_size=250)
_CONTEXTS: st.SearchStrategy[dict[str, object]] = st.builds(
    dict,
    purpose=st.integers(0, 20),
    case_number=st.text(max_size=80),
    reason=st.text(max_size=300),
    sections=st.lists(st.integers(0, 70), max_size=5),
)


@settings(max_examples=300)
@given(
    context=_CONTEXTS,
    query=_TEXTS,
    cui=st.one_of(st.just(""), st.from_regex(r"[0-9 -]{0,20}", fullmatch=True), _TEXTS),
    year=st.integers(-1, 3000),
    month=st.integers(0, 14),
    name=_TEXTS,
)
def test_any_fields(
    both: Both, context: dict[str, object], query: str, cui: str, year: int, month: int, name: str
) -> None:
    frame = context_pb2.RequestContext(**context)  # type: ignore[arg-type]
    alike(both, CHECK, checks.CheckRequest(context=frame, query=query).SerializeToString())
    person = checks.CheckPersonRequest(context=frame, cui=cui)
    person.name.full = name
    person.birth_date.year, person.birth_date.month = year, month
    alike(both, CHECK_PERSON, person.SerializeToString())
    alike(both, CHECK_VEHICLE, checks.CheckVehicleRequest(context=frame, plate=cui, make=name).SerializeToString())


@pytest.mark.parametrize("size", [16_300, 16_384, 16_385, 65_536, 1_000_000])
def test_sizes_up_to_the_limit_and_over_it(both: Both, size: int) -> None:
    came = alike(both, CHECK_PERSON, b"\x12" + b"\xff" * (size - 1))
    assert came.reason == ("MESSAGE_MALFORMED" if size <= 16_384 else "MESSAGE_TOO_LARGE")
    padded = checks.CheckPersonRequest(cui=CUI).SerializeToString()
    padded += b"\xf2\x7f" + _varint(max(0, size - len(padded) - 5)) + bytes(max(0, size - len(padded) - 5))
    alike(both, CHECK_PERSON, padded)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@pytest.mark.parametrize("path", ["/ronda.v1.CheckService/Erase", "/ronda.v1.NoService/Check", "/", "/x", "//"])
def test_methods_that_there_are_not(both: Both, path: str) -> None:
    assert alike(both, path, b"x").reason == "METHOD_UNKNOWN"


def test_methods_of_grpcio_alone_are_unknown_to_the_lane(both: Both) -> None:
    """By their status a client knows that it may ask at the other address."""
    for path in ("/ronda.v1.CheckService/SearchPersons", "/ronda.v1.RegisterService/GetGeneration"):
        came = ask(both["lane"], path, b"")
        assert (came.code, came.reason) == ("UNIMPLEMENTED", "METHOD_UNKNOWN")


@pytest.mark.parametrize("timeout", [-1.0])
def test_a_deadline_that_has_passed(both: Both, timeout: float) -> None:
    for channel in both.values():
        assert ask(channel, CHECK_PERSON, b"", timeout=timeout).code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize(
    ("service", "code"),
    [("", "OK"), ("ronda.v1.CheckService", "OK"), ("ronda.v1.RegisterService", "OK"), ("nothing", "NOT_FOUND")],
)
def test_health(both: Both, service: str, code: str) -> None:
    request = health_pb2.HealthCheckRequest(service=service).SerializeToString()
    assert alike(both, HEALTH, request).code == code


def test_health_that_is_no_message(both: Both) -> None:
    assert alike(both, HEALTH, b"\xff\xff").reason == "MESSAGE_MALFORMED"


def test_many_at_once_on_one_connection(both: Both, small_nation: BuiltNation) -> None:
    """Each gets its own answer."""
    cuis = [str(who) for who in small_nation.cast["persons"].values() if str(who).isdecimal()]
    requests = {cui: checks.CheckPersonRequest(cui=cui).SerializeToString() for cui in cuis}
    expected = {cui: ask(both["grpcio"], CHECK_PERSON, request) for cui, request in requests.items()}
    stub = both["lane"].unary_unary(CHECK_PERSON, None, None)
    for _ in range(20):
        futures = {cui: stub.future(request, timeout=20) for cui, request in requests.items()}
        for cui, future in futures.items():
            assert timeless(CHECK_PERSON, future.result()) == expected[cui].response
