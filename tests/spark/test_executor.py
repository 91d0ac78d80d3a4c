"""An executor's work on a batch: the same answers as a server's, a record before a row leaves, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from clients.agency.answers import judged
from clients.agency.batches import BATCH_ROWS, Batch
from clients.agency.failures import EngineFailed
from core.access.grant import Grant
from core.engine.entry import Engine
from core.generation.store import Generation
from nation import cast_people
from ronda.spark import tasks
from ronda.spark.columns import JUDGED, SEGMENT_ROW, answers_of, asked_table, check_batch, segment_rows
from ronda.spark.engine import SparkAsking
from ronda.spark.joining import NotJoined
from ronda.spark.orders import Orders, Refused, said_in
from ronda.v1 import clearance_service_pb2 as contract
from server.audit.reading import Segment
from server.audit.writer import clock_ms
from server.notifications import FOLDER, read_lines
from tests.kit.nation_kit import BuiltNation
from tests.spark.spark_kit import WANTED, Office

_PEOPLE = [
    f"{cast_people.cui_of(cast_people.PLACES[name], *at):013d}" for name, at in (("wanted", (5, 2)), ("clean", (1, 1)))
]


@pytest.fixture
def office(small_nation: BuiltNation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(tasks, "forbid_core_dumps", lambda: None)  # of this process, which others look into
    tasks._seat.cache_clear()
    yield Office.make(tmp_path, small_nation.generation_directory)
    tasks._seat.cache_clear()


def a_batch(cuis: list[str], first: int = 2) -> Batch:
    ids = range(first, first + len(cuis))
    return Batch(contract.ClearRequest(row_ids=ids, cuis=cuis).SerializeToString(), ids)


def judge(orders: Orders, rows: pa.Table, since_ms: int | None = None) -> pa.Table:
    since_ms = since_ms if since_ms is not None else clock_ms()
    return pa.Table.from_batches(tasks.clear_part(orders, since_ms, iter(rows.to_batches())), JUDGED)


def why(orders: Orders, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        judge(orders, asked_table([a_batch(_PEOPLE)]), **more)
    said = said_in(f"Traceback...\n{str(refused.value).strip()}\n SQLSTATE: 38000\n  at java")
    assert said is not None
    return said.reason


def test_a_batch_is_judged_as_a_server_judges_it(small_nation: BuiltNation) -> None:
    engine = Engine(Generation.open(small_nation.generation_directory))
    first = contract.ClearRequest(standard=WANTED, context={"purpose": 6}).SerializeToString()  # type: ignore[arg-type]
    clearance = engine.clearance(first, Grant.everything(), clock_ms())
    cuis = [_PEOPLE[place % 2] for place in range(BATCH_ROWS + 7)] + ["1", cast_people.unknown_cui()]
    whole = [a_batch(cuis[:BATCH_ROWS]), a_batch(cuis[BATCH_ROWS:], first=5_000)]
    rows = asked_table(whole).combine_chunks().to_batches()[0]
    found = check_batch(rows, lambda message: clearance.answer(message, clock_ms()), engine.generation_id)
    assert found.schema == JUDGED
    assert found.column("row").to_pylist() == [*whole[0].ids, *whole[1].ids]
    answers, segments = answers_of(pa.Table.from_batches([found]), whole)
    assert segments == []
    for batch, answer in zip(whole, answers, strict=True):
        response = contract.ClearResponse.FromString(clearance.answer(batch.message, clock_ms()))
        direct = judged(response, batch.ids, engine.generation_id)
        assert (answer.results == direct.results).all() and (answer.reasons == direct.reasons).all()
        assert (answer.references, answer.rules) == (direct.references, direct.rules)
    assert answers[1].rules, "an invalid row has its rule"
    assert check_batch(rows.slice(0, 0), lambda _: b"", "").num_rows == 0


def test_rows_leave_with_their_records_and_the_log_is_whole(office: Office) -> None:
    batches = [a_batch(_PEOPLE * (BATCH_ROWS // 2)), a_batch(_PEOPLE, first=BATCH_ROWS + 2)]
    since_ms = clock_ms()
    found = judge(office.orders(), asked_table(batches))
    answers, segments = answers_of(found, batches)
    assert [len(answer.results) for answer in answers] == [BATCH_ROWS, 2]
    log = office.log()
    assert log.join([*segments, *segments], since_ms=since_ms) == BATCH_ROWS + 2
    assert log.join(segments, since_ms=since_ms) == 0, "brought again it is kept once, and stands for no other rows"
    log.close()
    assert (log.segments, log.batches, log.lost) == (1, 2, 0)
    assert log.devices == {"spiffe://digecam.gob.gt/unit/certificados/device/lot-1"}
    verdict = office.verdict()
    assert (verdict.problems, verdict.unchecked, verdict.segments) == ([], [], 1)
    path = next((office.directory / "audit").glob("logs/*/*.seg"))
    who = list(Segment(next(iter(_ids(office))), path.read_bytes()).identities().values())
    assert [each["nip"] for each in who] == ["1"]


def _ids(office: Office) -> Any:
    from server.audit.segments import list_segments

    return list_segments(office.directory / "audit")


class _TwoTasks(SparkAsking):
    """Each job as two tasks in this process; `keep` chooses among their segments."""

    keep: Callable[[list[bytes]], list[bytes]]

    def _run(self, rows: pa.Table, task: Any) -> pa.Table:
        half = len(rows) // 2
        tasks_ = [part.combine_chunks().to_batches() for part in (rows.slice(0, half), rows.slice(half)) if len(part)]
        found = pa.Table.from_batches((out for part in tasks_ for out in task(iter(part))), JUDGED)
        judged_rows = [row for row in found.to_pylist() if row["row"] != SEGMENT_ROW]
        segments = self.keep([row["segment"] for row in found.to_pylist() if row["row"] == SEGMENT_ROW])
        ours = pa.Table.from_batches(segment_rows(segments), JUDGED)
        return pa.concat_tables([pa.Table.from_pylist(judged_rows, JUDGED), ours])


def test_no_row_leaves_without_its_own_record(office: Office) -> None:
    log = office.log()
    session = SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=1))
    asking = _TwoTasks(session, office.orders(), log)
    before: list[bytes] = []

    def kept(segments: list[bytes]) -> list[bytes]:
        before.extend(segments)
        return segments

    asking.keep = kept
    assert len(asking.wait(asking.ask(a_batch(_PEOPLE))).results) == 2
    asking.keep = lambda segments: segments[:1]  # half of the rows have no record
    with pytest.raises(EngineFailed, match="auditor"):
        asking.wait(asking.ask(a_batch(_PEOPLE)))
    asking.keep = lambda segments: [segments[0], before[1]]  # one of an earlier job in its place
    with pytest.raises(EngineFailed, match="auditor"):
        asking.wait(asking.ask(a_batch(_PEOPLE)))
    asking.keep = kept
    assert len(asking.wait(asking.ask(a_batch(_PEOPLE))).results) == 2
    log.close()
    assert office.verdict().problems == []


def test_what_a_killed_attempt_left_is_joined_and_what_is_joined_is_removed(office: Office) -> None:
    orders = office.orders()
    judge(orders, asked_table([a_batch(_PEOPLE)]))  # its rows never came
    lost = next(Path(orders.spool).glob("logs/*/*.seg"))
    with lost.open("ab") as file:
        file.write(b"\0\0\0\0torn" + bytes(4096))
    log = office.log()
    left = [row["segment"] for batch in tasks.collect_left(orders, frozenset(), iter(())) for row in batch.to_pylist()]
    log.join(left)
    assert (log.segments, log.lost) == (1, 1)
    assert list(tasks.collect_left(orders, frozenset(log.logs), iter(()))) == []
    assert not list(Path(orders.spool).glob("logs/*"))
    log.close()
    assert office.verdict().problems == []


def test_another_driver_of_the_same_log_may_sweep_meanwhile(office: Office) -> None:
    """As with `--part`: its pass ends while this task's rows are on their way."""
    orders, batch, since_ms = office.orders(), a_batch(_PEOPLE), clock_ms()
    task = tasks.clear_part(orders, since_ms, iter(asked_table([batch]).to_batches()))
    found, other = [next(task)], office.log()
    other.join(row["segment"] for part in tasks.collect_left(orders, frozenset(), iter(())) for row in part.to_pylist())
    assert list(tasks.collect_left(orders, frozenset(other.logs), iter(()))) == []
    assert not list(Path(orders.spool).glob("logs/*"))
    found += task
    log = office.log()  # signs nothing: the other does
    assert log.join(answers_of(pa.Table.from_batches(found), [batch])[1], since_ms=since_ms) == 2
    other.close()
    log.close()
    assert office.verdict().problems == []


def test_an_executor_refuses_without_its_papers(office: Office) -> None:
    orders = office.orders()
    assert why(office.orders(generation="20200101T000000Z-00000000")) == "GENERATION"
    assert why(office.orders(manifest="0" * 64)) == "GENERATION"
    assert why(office.orders(trust=str(office.directory / "none"))) == "SETTINGS"
    assert why(office.orders(auditor_key=str(office.directory / "none"))) == "SETTINGS"
    assert why(orders, since_ms=clock_ms() + 120_000) == "CLOCK"
    other = office.kit.police.device("zona-1", "patrol-1")
    pem = office.identity.with_suffix(".pem").read_bytes()
    for ending, content, reason in (
        (".pem", None, "FILE"),
        (".key", other.key, "SETTINGS"),
        (".token", b"", "TOKEN_MISSING"),
        (".pem", pem.replace(b"CERTIFICATE", b"NONE"), "SETTINGS"),
    ):
        office.sign_in()
        path = office.identity.with_suffix(ending)
        path.unlink() if content is None else path.write_bytes(content)
        assert why(orders) == reason, ending
    office.sign_in(("patrol",))
    assert why(orders) == "FORBIDDEN"
    office.sign_in(iat=1_700_000_000, nbf=1_700_000_000, exp=1_700_000_900)
    assert why(orders) == "TOKEN_EXPIRED"
    office.sign_in()
    judge(orders, asked_table([a_batch(_PEOPLE)]))
    (office.kit.trust / "revoked.toml").write_text('officers = ["digecam/1"]\n', encoding="utf-8")
    assert why(orders) == "REVOKED", "within the process that judged a moment ago"


def test_the_owner_of_a_discreet_alert_is_told(office: Office, small_nation: BuiltNation) -> None:
    judge(office.orders(), asked_table([a_batch([small_nation.cast["persons"]["discreet"]])]))
    (line,) = read_lines(office.published.data / FOLDER)
    assert (line["how"], line["method"], line["asker"]["nip"]) == ("clearance", "Clear", "1")


def test_refusals_are_recorded(office: Office) -> None:
    orders = office.orders()
    office.sign_in(iat=1_700_000_000, nbf=1_700_000_000, exp=1_700_000_900)
    assert why(orders) == "TOKEN_EXPIRED"
    log = office.log()
    log.join(row["segment"] for batch in tasks.collect_left(orders, frozenset(), iter(())) for row in batch.to_pylist())
    log.close()
    assert log.batches == 1 and log.devices == {"spiffe://digecam.gob.gt/unit/certificados/device/lot-1"}


def test_a_segment_that_was_touched_is_not_joined(office: Office) -> None:
    batch = a_batch(_PEOPLE)
    found = judge(office.orders(), asked_table([batch]))
    (segment,) = answers_of(found, [batch])[1]
    log = office.log()
    for changed in (segment[:-5], segment[:200] + b"x" + segment[201:], segment + b"more"):
        with pytest.raises(NotJoined):
            log.join([changed], since_ms=clock_ms())
    header = json.dumps({"log": "../up"}).encode()
    with pytest.raises(NotJoined):
        log.join([header], since_ms=clock_ms())
    with pytest.raises(NotJoined, match="clock"):
        log.join([segment], since_ms=clock_ms() + 600_000)
    log.close()
    assert not list((office.directory / "audit").glob("logs/*/*"))
