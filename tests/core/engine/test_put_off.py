"""Names that would take long are put off by a call that must be quick, and are answered the same afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.engine.entry import METHODS, Engine
from core.errors import GenerationNeeded, LimitExceeded, TimeNeeded
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1.context_pb2 import RequestContext
from tests.core.engine.engine_kit import ALL, CLOCK_MS, person
from tests.core.generation.generation_kit import build, entity

COMMON, RARE = "JUAN PEREZ LOPEZ", "XIOMARA TZUL QUEJ"
NAMESAKES = 3_500  # more than a quick search scores
PURPOSE = 1
RETRY = 1  # LOOK_RETRY of core/access/caller.pxd


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    directory = tmp_path_factory.mktemp("put_off") / "generation"
    names = [COMMON] * NAMESAKES + [RARE]
    people = [person(n, f"{n:013d}", name) for n, name in enumerate(names)]
    build(directory, [entity(n) for n in range(len(names))], people, batch_rows=1_000)
    return Engine(Generation.open(directory))


def asked(method: str, names: str, context: RequestContext | None = None) -> tuple[int, bytes]:
    request: Any = getattr(checks, f"{method}Request")(context=context)
    if method == "SearchPersons":
        request.names = names
    else:
        request.query = names
    return METHODS[method], request.SerializeToString()


def without_id(method: str, content: bytes) -> Any:
    response = getattr(checks, f"{method}Response").FromString(content)
    response.answer.ClearField("answer_id")
    return response


@pytest.mark.parametrize("method", ["SearchPersons", "CheckPerson", "Check"])
def test_a_common_name_is_put_off_and_a_rare_one_answered(engine: Engine, method: str) -> None:
    number, common = asked(method, COMMON)
    with pytest.raises(TimeNeeded):
        engine.answer(number, common, ALL, CLOCK_MS, None, True)
    later = without_id(method, engine.answer(number, common, ALL, CLOCK_MS, None, False, 0))
    assert later == without_id(method, engine.answer(number, common, ALL, CLOCK_MS))
    assert later.candidates_total == NAMESAKES
    number, rare = asked(method, RARE)
    quick = without_id(method, engine.answer(number, rare, ALL, CLOCK_MS, None, True))
    assert quick == without_id(method, engine.answer(number, rare, ALL, CLOCK_MS))


def test_limits_are_taken_once_and_what_they_said_is_kept(engine: Engine, tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = Caller(b"{}", device=b"car", officer=b"nip", limits=limits)
    caller.give(PURPOSE, Grant.everything(), methods=EVERY_METHOD, officer=(2, 3600, 2))
    context = RequestContext(purpose=PURPOSE, request_id="the same")  # type: ignore[arg-type]
    number, common = asked("SearchPersons", COMMON, context)
    with pytest.raises(TimeNeeded) as first:
        engine.answer(number, common, caller, CLOCK_MS, None, True)
    assert first.value.entered & RETRY == 0
    engine.answer(number, common, caller, CLOCK_MS, None, False, first.value.entered)
    number, other = asked("SearchPersons", COMMON, RequestContext(purpose=PURPOSE))  # type: ignore[arg-type]
    with pytest.raises(TimeNeeded) as second:  # the second of two
        engine.answer(number, other, caller, CLOCK_MS, None, True)
    engine.answer(number, other, caller, CLOCK_MS, None, False, second.value.entered)
    with pytest.raises(LimitExceeded):
        engine.answer(number, other, caller, CLOCK_MS, None, True)


def test_a_page_of_another_generation_is_counted_once(engine: Engine, tmp_path: Path) -> None:
    """The page's own generation answers the second try; both together are one look-up."""
    build(tmp_path / "newer", [entity(0)], [person(0, "2340000040101", RARE)])
    manifest = tmp_path / "newer" / "MANIFEST.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("0badcafe", "0badbeef"), encoding="utf-8")
    newer = Engine(Generation.open(tmp_path / "newer"))
    caller = Caller(b"{}", device=b"car", officer=b"nip", limits=Limits(tmp_path / "limits"))
    caller.give(PURPOSE, Grant.everything(), methods=EVERY_METHOD, officer=(2, 3600, 2))
    before = Caller(b"{}", device=b"car", officer=b"nip")
    before.give(PURPOSE, Grant.everything(), methods=EVERY_METHOD)
    context = RequestContext(purpose=PURPOSE, request_id="page")  # type: ignore[arg-type]
    request = checks.SearchPersonsRequest(context=context, names=COMMON, page_size=10)
    number = METHODS["SearchPersons"]
    page = engine.answer(number, request.SerializeToString(), before, CLOCK_MS)
    first = checks.SearchPersonsResponse.FromString(page)
    request.page_token = first.next_page_token
    with pytest.raises(GenerationNeeded) as gone:
        newer.answer(number, request.SerializeToString(), caller, CLOCK_MS, None, True)
    assert gone.value.generation_id == "20261124T160351Z-0badcafe"
    assert gone.value.entered == 0
    page = engine.answer(number, request.SerializeToString(), caller, CLOCK_MS, None, False, gone.value.entered)
    assert len(checks.SearchPersonsResponse.FromString(page).candidates) == 10
    request.context.request_id = "one more of the two that are allowed"
    engine.answer(number, request.SerializeToString(), caller, CLOCK_MS)
    request.context.request_id = "a third"
    with pytest.raises(LimitExceeded):
        engine.answer(number, request.SerializeToString(), caller, CLOCK_MS)
