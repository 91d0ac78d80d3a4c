"""SearchVehicles: free text, partial and misread plates, numbers, bad input through gRPC; as the oracle answers."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.kit.asker import Asker
from tests.kit.comparison import ask
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.server.running_server import Failure, RunningServer, failure

QUESTIONS = 250


@pytest.fixture(scope="module")
def asker(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    server = RunningServer(small_nation.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def _agreements(candidate: Any) -> dict[str, str]:
    return {
        level_pb2.Criterion.Name(c.criterion).removeprefix("CRITERION_"): level_pb2.Agreement.Name(c.agreement)[10:]
        for c in candidate.comparisons
    }


def _found(asker: Asker, request: Any, plate: str) -> Any:
    found = [c for c in asker(request).candidates if c.plate == plate]
    assert len(found) == 1, f"{plate} is found once"
    return found[0]


# the cast's white Toyota Corolla of 2016: {d} its three digits, {l} its three letters
QUERIES = [
    "Toyota blanco P {d[0]}?{d[2]} {l[0]}*",
    "white Toyota car P {d[0]}{d[1]}?...",
    "Corolla 2016 {d}{l}",
    "carro blanca {l} P-{d}?".replace("{l} ", ""),
    "Toyota Corolla P{d}{l}",
]


@pytest.mark.parametrize("query", QUERIES)
def test_free_text_finds_the_vehicle(asker: Asker, small_nation: BuiltNation, query: str) -> None:
    plate = small_nation.cast["vehicles"]["clean_vehicle"]["plate"]
    digits, letters = plate[2:5], plate[5:]
    request = checks.SearchVehiclesRequest(query=query.format(d=digits, l=letters), page_size=100)
    found = _found(asker, request, plate)
    assert found.matched_plate == plate
    assert found.misread_characters == 0
    assert "DISAGREES" not in _agreements(found).values()
    assert found.level <= level_pb2.LEVEL_POSSIBLE, "a search is never certain"


def test_words_that_do_not_fit_exclude(asker: Asker, small_nation: BuiltNation) -> None:
    plate = small_nation.cast["vehicles"]["clean_vehicle"]["plate"]
    for words in ("azul", "pickup", "2017", "Mazda", "Hilux"):
        response = asker(checks.SearchVehiclesRequest(query=f"{words} {plate}"))
        assert plate not in [c.plate for c in response.candidates]


def test_a_misread_plate_still_finds_it_after_exact_ones(asker: Asker, small_nation: BuiltNation) -> None:
    """The officer read a letter for a digit; the answer says how many characters had to be read otherwise."""
    swaps = {
        "0": "O",
        "1": "I",
        "2": "Z",
        "5": "S",
        "6": "G",
        "8": "B",
        "4": "A",
        "D": "0",
        "B": "8",
        "G": "6",
        "S": "5",
    }
    swaps |= {"Z": "2", "V": "Y", "Y": "V", "L": "1", "Q": "0"}
    tried = 0
    for vehicle in small_nation.cast["vehicles"].values():
        plate = vehicle["plate"]
        kind, number = plate.split("-")
        at = next((i for i, c in enumerate(number) if c in swaps), None)
        if at is None:
            continue
        tried += 1
        read = f"{kind}-{number[:at]}{swaps[number[at]]}{number[at + 1 :]}"
        found = asker(checks.SearchVehiclesRequest(plate_pattern=read)).candidates
        mine = [c for c in found if c.matched_plate == plate]
        assert mine, f"a misread of {at} finds it"
        assert mine[0].misread_characters == 1
        assert _agreements(mine[0]) == {"PLATE": "UNKNOWN"}
        assert [c.misread_characters for c in found] == sorted(c.misread_characters for c in found)
    assert tried > 5


@pytest.mark.parametrize("field", ["vin", "engine"])
@pytest.mark.parametrize("length", [6, 7, 8, 0])
def test_the_tail_of_a_number_finds_it(asker: Asker, small_nation: BuiltNation, field: str, length: int) -> None:
    vehicle = small_nation.cast["vehicles"]["clean_vehicle"]
    records = next(s for s in small_nation.oracle.subjects if s.key == f"vin:{vehicle['vin']}").links
    number = vehicle["vin"] if field == "vin" else next(k.record.engine for k in records if k.record.engine)
    expected = {("vin", 0): "VIN", ("engine", length): "ENGINE"}.get((field, length), "CHASSIS_TAIL")
    found = _found(asker, checks.SearchVehiclesRequest(number=number[-length:]), vehicle["plate"])
    assert _agreements(found) == {expected: "AGREES"}
    _found(asker, checks.SearchVehiclesRequest(query=f"toyota blanco {number[-length:]}"), vehicle["plate"])


BAD: dict[str, tuple[dict[str, object], str]] = {
    "nothing": ({}, "query"),
    "blanks": ({"query": "  ", "plate_pattern": " ", "number": "\t"}, "query"),
    "two plates": ({"query": "P 12? P 13?"}, "query"),
    "words that say nothing": ({"query": "de la con"}, "query"),
    "signs": ({"plate_pattern": "P-12;DROP"}, "plate_pattern"),
    "accent": ({"plate_pattern": "Ñ12*"}, "plate_pattern"),
    "too long": ({"plate_pattern": "?" * 17}, "plate_pattern"),
    "a type alone": ({"plate_pattern": "P-"}, "plate_pattern"),
    "short number": ({"number": "12"}, "number"),
    "long query": ({"query": "a" * 201}, "query"),
    "many words": ({"query": "b1 c1 d1 e1 f1 g1 h1 i1"}, "query"),
    "year": ({"query": "azul", "model_year": 20160}, "model_year"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_names_the_field(asker: Asker, case: str) -> None:
    fields, field = BAD[case]
    request = checks.SearchVehiclesRequest(**fields)  # type: ignore[arg-type]
    failed = failure(asker.channel, "CheckService/SearchVehicles", request.SerializeToString())
    assert list(failed.fields) == [field]
    said = [str(value) for value in fields.values() if len(str(value).strip()) > 2]
    assert not any(value in failed.text or value in failed.fields[field] for value in said)


@pytest.mark.parametrize(
    "query", ["🚗🚗🚗", "مرحبا", "\x00\x01", "'; SELECT 1 --", "*" * 16, "e\u0301" * 20, "A" * 200]
)
def test_strange_texts_get_an_answer_or_a_clear_error(asker: Asker, query: str) -> None:
    request = checks.SearchVehiclesRequest(query=query)
    try:
        response = asker(request)
    except grpc.RpcError as error:
        assert list(Failure(error).fields) == ["query"]
    else:
        assert response.answer.level <= level_pb2.LEVEL_POSSIBLE


def test_searches_as_the_oracle_does(small_nation: BuiltNation) -> None:
    drawer = Drawer(small_nation.oracle, 20261125)
    differing, empty = [], 0
    for number in range(QUESTIONS):
        question, masks = drawer.search_vehicles(), drawer.masks()
        both = ask(small_nation.engine, small_nation.oracle, question, masks, drawer.clock(small_nation.as_of_ms))
        empty += "candidates" not in both.oracle
        if not both.equal:
            lines = difflib.unified_diff(both.oracle.splitlines(), both.engine.splitlines(), "oracle", "engine", n=1)
            differing.append(f"{number} {question.request}\n" + "\n".join(list(lines)[:30]))
    assert not differing, f"{len(differing)} of {QUESTIONS} differ\n" + "\n\n".join(differing[:3])
    assert empty < QUESTIONS * 2 // 3, "many questions find something"
