"""Generations that another has replaced: what may still be shown (docs/answers.md section 13), and page tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import error_pb2, level_pb2, section_pb2, value_pb2
from ronda.v1.context_pb2 import RequestContext
from tests.core.engine.engine_kit import ALL, CLOCK_MS, DISCREET, EVERY_SECTION, car, person, warrant
from tests.core.generation.generation_kit import build, entity, record, subject_id

GONE, INVALID = error_pb2.ERROR_REASON_GENERATION_GONE, error_pb2.ERROR_REASON_PAGE_TOKEN_INVALID
OPEN, MINOR, VICTIM, EXPUNGED = 1, 3, 4, 5
ONLY_OPEN = Grant({OPEN: EVERY_SECTION})
NAMES = "ANA LUCIA TZUL QUEJ"
CUIS = ("3000000060101", "9876543220101", "5555555500101")
KEY = bytes(range(16))
PURPOSE = 1
Row = dict[str, Any]


def rows() -> list[Row]:
    """Three of one name, and the last one's car; of the second a fine, an address and a warrant are on file."""
    second = {"cui": CUIS[1], "link_criterion": 1}
    vehicle: Row = {"register": 1, "subject": 2, "vin": "1M8GDM9AXKP042788", "link_criterion": 13}
    owned: Row = {"section": 34, "cui": CUIS[1], "owner_entity": 1, "owner_level": 5, **vehicle}
    return [
        *(person(n, cui, NAMES, birth_year=1980 + n, birth_month=6, birth_mday=6) for n, cui in enumerate(CUIS)),
        *(record(1, f"f{n}", register=3, section=16, sort_day=n, **second) for n in range(3)),
        *(record(1, f"a{n}", section=2, sort_day=n, message={"street": f"{n}a calle"}, **second) for n in range(2)),
        warrant(1, CUIS[1], "w1"),
        *car(3, "1M8GDM9AXKP042788", "123BCD"),
        *(record(3, f"o{n}", message={"name": NAMES}, **owned) for n in range(2)),
    ]


def engine(directory: Path, made: list[Row], word: str, key: bytes = KEY) -> Engine:
    """A generation of the rows' entities, numbered anew without those that have none."""
    present = sorted({row["entity"] for row in made})
    number = {before: now for now, before in enumerate(present)}
    entities = [{**entity(before, 4 if before == 3 else 1), "entity": number[before]} for before in present]
    for row in made:
        row["entity"] = number[row["entity"]]
        if "owner_entity" in row:
            row["owner_entity"] = number.get(row["owner_entity"])
    build(directory, entities, made)
    manifest = directory / "MANIFEST.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("0badcafe", word), encoding="utf-8")
    return Engine(Generation.open(directory), key)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine(tmp_path_factory.mktemp("older") / "generation", rows(), "0badcafe")


SEARCH = checks.SearchPersonsRequest(names=NAMES, page_size=1)
FINES = checks.ListRecordsRequest(
    subject_id=subject_id("entity 1").hex(), section=section_pb2.SECTION_FINE, page_size=1
)
ADDRESSES = checks.ListRecordsRequest(
    subject_id=subject_id("entity 1").hex(), section=section_pb2.SECTION_ADDRESS, page_size=1
)
OWNERS = checks.ListRecordsRequest(
    subject_id=subject_id("entity 3").hex(), section=section_pb2.SECTION_OWNER, page_size=1
)


def answer(asked: Engine, request: Any, grant: Any = ALL, serving: Engine | None = None) -> Any:
    method = type(request).__name__.removesuffix("Request")
    content, level = asked.answered(METHODS[method], request.SerializeToString(), grant, CLOCK_MS, serving=serving)
    response = getattr(checks, f"{method}Response").FromString(content)
    assert level == response.answer.level
    return response


def second_page(older: Engine, first: Any, grant: Any = ALL, serving: Engine | None = None) -> Any:
    """The second page of a list, by the token that the older generation gave while it served."""
    request = type(first).FromString(first.SerializeToString())
    request.page_token = answer(older, first, grant).next_page_token
    return answer(older, request, grant, serving)


def gone(older: Engine, first: Any, grant: Any = ALL, serving: Engine | None = None) -> bool:
    try:
        second_page(older, first, grant, serving)
    except QuestionError as error:
        assert (error.reason, error.field) == (GONE, "page_token")
        return True
    return False


def changed(row: Callable[[Row], bool], **fields: Any) -> list[Row]:
    made = rows()
    (found,) = [each for each in made if row(each)]
    found.update(fields)
    return made


def warrant_row(row: Row) -> bool:
    return bool(row["record_id"] == "w1")


def test_where_nothing_changed_pages_go_on(older: Engine, tmp_path: Path) -> None:
    serving = engine(tmp_path / "newer", rows(), "0badbeef")
    for first in (SEARCH, FINES, ADDRESSES, OWNERS):
        for grant in (ALL, ONLY_OPEN):
            page = second_page(older, first, grant, serving)
            assert page.answer.generation_id.endswith("0badcafe")
            assert page.answer.level == level_pb2.LEVEL_UNSPECIFIED
    assert second_page(older, SEARCH, serving=serving).candidates[0].subject_id == subject_id("entity 1").hex()


def test_more_records_of_a_subject_and_other_subjects_change_nothing(older: Engine, tmp_path: Path) -> None:
    """Another number of the entities and new rows before the old ones too."""
    more = {"cui": CUIS[1], "link_criterion": 1}
    made = [*rows(), record(1, "f9", register=3, section=16, sort_day=9, **more)]
    made = [row for row in made if row["entity"] != 0]
    serving = engine(tmp_path / "newer", made, "0badbeef")
    for first in (SEARCH, FINES, ADDRESSES, OWNERS):
        assert not gone(older, first, serving=serving)


@pytest.mark.parametrize("sensitivity", [DISCREET, MINOR, VICTIM, EXPUNGED])
def test_an_alert_that_was_open_and_is_not_now(older: Engine, tmp_path: Path, sensitivity: int) -> None:
    serving = engine(tmp_path / "newer", changed(warrant_row, sensitivity=sensitivity), "0badbeef")
    for grant in (ONLY_OPEN, ALL):
        assert gone(older, SEARCH, grant, serving)
        assert gone(older, FINES, grant, serving)


def test_an_alert_that_is_withdrawn(older: Engine, tmp_path: Path) -> None:
    serving = engine(tmp_path / "newer", [row for row in rows() if not warrant_row(row)], "0badbeef")
    assert gone(older, SEARCH, serving=serving)
    assert gone(older, OWNERS, serving=serving), "the owner's person is shown with it"


def test_an_alert_that_is_cancelled(older: Engine, tmp_path: Path) -> None:
    serving = engine(tmp_path / "newer", changed(warrant_row, alert_state=3), "0badbeef")
    assert gone(older, SEARCH, ONLY_OPEN, serving)


def test_an_alert_that_another_authority_decides(tmp_path: Path) -> None:
    """The police's own record stands as it was; the judiciary has cancelled since."""
    police = [warrant(1, CUIS[1], "w1", register=3) if warrant_row(row) else row for row in rows()]
    cancelled = warrant(1, CUIS[1], "w1", alert_state=3, state_date=20231001)
    older = engine(tmp_path / "0", [dict(row) for row in police], "0badcafe")
    assert not gone(older, SEARCH, serving=engine(tmp_path / "1", [dict(row) for row in police], "0badbeef"))
    assert gone(older, SEARCH, serving=engine(tmp_path / "2", [*police, cancelled], "0badfeed"))


def test_a_record_that_is_expunged(older: Engine, tmp_path: Path) -> None:
    serving = engine(
        tmp_path / "newer", changed(lambda row: bool(row["record_id"] == "f0"), sensitivity=EXPUNGED), "0badbeef"
    )
    assert gone(older, FINES, ONLY_OPEN, serving)


def test_an_owner_that_is_hidden_now(older: Engine, tmp_path: Path) -> None:
    serving = engine(
        tmp_path / "newer", changed(lambda row: bool(row["record_id"] == "o1"), sensitivity=VICTIM), "0badbeef"
    )
    assert gone(older, OWNERS, ONLY_OPEN, serving)


def test_a_discreet_alert_tells_nothing_to_who_may_not_see_it(tmp_path: Path) -> None:
    """Nor does its withdrawal: a page that was refused would say that somebody is watched."""
    watched = [*rows(), warrant(1, CUIS[1], "d1", alert_kind=11, section=11, sensitivity=DISCREET)]
    without, with_it = engine(tmp_path / "0", rows(), "0badcafe"), engine(tmp_path / "1", watched, "0badbeef")
    for before, after in ((without, with_it), (with_it, without)):
        for first in (SEARCH, FINES, ADDRESSES, OWNERS):
            assert not gone(before, first, ONLY_OPEN, after)
    assert gone(with_it, SEARCH, ALL, without), "who may see it is told that it is withdrawn"
    assert not gone(without, SEARCH, ALL, with_it)


def test_an_address_that_is_hidden_now(older: Engine, tmp_path: Path) -> None:
    """An order of protection was issued since; the caller may not see that it is there."""
    order: Row = {"register": 2, "section": 7, "sensitivity": VICTIM, "alert_flags": 64, "alert_state": 1}
    order |= {"cui": CUIS[1], "link_criterion": 1}
    made = [*rows(), record(1, "p1", **order)]
    serving = engine(tmp_path / "newer", made, "0badbeef")
    assert answer(serving, ADDRESSES, ONLY_OPEN).total == 0, "the order hides her"
    for first in (ADDRESSES, OWNERS):
        assert gone(older, first, ONLY_OPEN, serving)
    no_addresses = Grant({OPEN: EVERY_SECTION & ~(1 << 2)})
    assert not gone(older, FINES, no_addresses, serving)


def test_a_subject_that_is_somebody_else_now(older: Engine, tmp_path: Path) -> None:
    made = rows()
    for row in made:
        if row["entity"] == 1:
            row["cui"] = "1580352240101"
        if row["record_id"] == "r1":
            row.update(person(1, "1580352240101", "MARIA ELENA CHOC CAAL"))
    serving = engine(tmp_path / "newer", made, "0badbeef")
    assert gone(older, SEARCH, serving=serving)
    assert gone(older, FINES, serving=serving)


def test_a_subject_that_is_not_there_any_more(older: Engine, tmp_path: Path) -> None:
    serving = engine(tmp_path / "newer", [row for row in rows() if row["entity"] != 1], "0badbeef")
    assert gone(older, FINES, serving=serving)
    assert gone(older, SEARCH, serving=serving)


# ---- tokens ----


def refused(asked: Engine, request: Any, caller: Any = ALL) -> bool:
    method = type(request).__name__.removesuffix("Request")
    try:
        asked.answer(METHODS[method], request.SerializeToString(), caller, CLOCK_MS)
    except QuestionError as error:
        assert (error.reason, error.field) == (INVALID, "page_token")
        return True
    return False


def with_token(first: Any, token: str) -> Any:
    request = type(first).FromString(first.SerializeToString())
    request.page_token = token
    return request


def test_a_token_altered_in_any_bit_is_refused(older: Engine) -> None:
    token = answer(older, SEARCH).next_page_token
    assert not refused(older, with_token(SEARCH, token))
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        for bit in range(8):
            altered = bytearray(raw)
            altered[place] ^= 1 << bit
            text = base64.urlsafe_b64encode(altered).decode().rstrip("=")
            assert refused(older, with_token(SEARCH, text)), (place, bit)
    for text in (token[:-1], token[:-4], token + "A", token + "AAAA", "A", raw[:-16].hex()):
        assert refused(older, with_token(SEARCH, text)), text


def test_a_token_of_another_key_is_refused(older: Engine, tmp_path: Path) -> None:
    """Somebody runs Ronda alone, over a generation of the same id."""
    forger = engine(tmp_path / "generation", rows(), "0badcafe", key=bytes(16))
    for first in (SEARCH, FINES):
        assert refused(older, with_token(first, answer(forger, first).next_page_token))
    unkeyed = Engine(Generation.open(tmp_path / "generation"))
    assert refused(older, with_token(SEARCH, answer(unkeyed, SEARCH).next_page_token))


def test_a_token_is_of_one_list_and_one_method(older: Engine) -> None:
    fines, addresses, people = (answer(older, first).next_page_token for first in (FINES, ADDRESSES, SEARCH))
    assert refused(older, with_token(ADDRESSES, fines))
    assert refused(older, with_token(FINES, addresses))
    assert refused(older, with_token(FINES, people))
    assert refused(older, with_token(SEARCH, fines))
    narrower = checks.SearchPersonsRequest(names=NAMES, page_size=1, sex=value_pb2.SEX_MALE)
    assert refused(older, with_token(narrower, people))
    smaller_pages = type(SEARCH).FromString(SEARCH.SerializeToString())
    smaller_pages.page_size = 2
    assert not refused(older, with_token(smaller_pages, people))


def caller(device: bytes, officer: bytes) -> Caller:
    made = Caller(b"{}", device=device, officer=officer)
    made.give(PURPOSE, Grant.everything(), methods=EVERY_METHOD)
    return made


def test_a_token_is_of_one_device_and_officer(older: Engine) -> None:
    first = type(SEARCH).FromString(SEARCH.SerializeToString())
    first.context.CopyFrom(RequestContext(purpose=PURPOSE))  # type: ignore[arg-type]
    token = answer(older, first, caller(b"car", b"nip")).next_page_token
    request = with_token(first, token)
    assert not refused(older, request, caller(b"car", b"nip")), "made anew, as after a new token of the officer's"
    for other in (caller(b"other", b"nip"), caller(b"car", b"other"), caller(b"nip", b"car"), ALL):
        assert refused(older, request, other)


def test_a_page_key_has_16_bytes(tmp_path: Path) -> None:
    build(tmp_path, [entity(0)], [person(0, CUIS[0], NAMES)])
    for key in (b"", bytes(15), bytes(32)):
        with pytest.raises(ValueError, match="16 bytes"):
            Engine(Generation.open(tmp_path), key)
