"""Changes that are recalled, what is kept of them, and for how long the log can be searched."""

from __future__ import annotations

import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.identifiers.kinds import IdentifierKind
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER as LEDGER
from core.ledger.writer import LedgerWriter
from indexer.live.following import Follower
from ronda.v1.alert_service_pb2 import Recall
from ronda.v1.context_pb2 import PURPOSE_CLEARANCE, PURPOSE_TRAFFIC_STOP
from ronda.v1.section_pb2 import SENSITIVITY_MINOR
from server.audit.keys import current_hash_key, kept_hash_keys
from server.recall import telling
from server.recall.alerts import Fed, StandingAlert, What, changes_between, fed_since
from server.recall.looks import Found, Look
from server.recall.orders import DAY_MS, VALID_MS
from server.recall.recall_process import saw
from server.recall.store import FILE, AlertChange, RecallStore, Taken
from server.recall.views import Views, as_asked
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import AS_OF_S, FedWorld, built
from tests.live.test_a_view_answers_as_a_rebuild import LUIS, MARTA, small_world, warrant

OJ, SIPOL = ("oj", "W1"), ("sipol", "S1")
SUBJECT = bytes(range(16))


def alert(*records: tuple[str, str], pending: bool = True, is_open: bool = True) -> StandingAlert:
    return StandingAlert(records or (OJ,), 1, 5, is_open, pending)


def told(before: list[StandingAlert], after: list[StandingAlert], fed: dict[tuple[str, str], Fed]) -> list[What]:
    return [what for what, _ in changes_between(before, after, fed)]


def test_issued_and_cancelled() -> None:
    assert told([], [alert()], {}) == [What.NEW]
    assert told([alert()], [alert(pending=False)], {}) == [What.CANCELLED]
    assert told([alert()], [], {}) == [What.CANCELLED]
    assert told([alert()], [alert()], {}) == []
    assert told([], [alert(pending=False)], {}) == []


def test_an_alert_that_others_state_too_is_not_cancelled() -> None:
    """The court's word takes the place of the police's copy, or a copy is let go: it is in force all the while."""
    assert told([alert(SIPOL)], [alert(OJ, SIPOL)], {}) == []
    assert told([alert(OJ, SIPOL)], [alert(OJ)], {}) == []
    assert told([alert(OJ, SIPOL)], [alert(OJ), alert(SIPOL, pending=False)], {}) == []


def test_a_record_that_was_linked_to_another_subject_is_not_cancelled() -> None:
    """A person without a number became one with a number: the warrant stands; "no actúe" would let the person go."""
    assert [what for what, _ in changes_between([alert()], [], {}, elsewhere={OJ})] == [What.MOVED]
    assert [what for what, _ in changes_between([alert()], [], {}, elsewhere={SIPOL})] == [What.CANCELLED]


@pytest.mark.parametrize("after", [[], [alert(pending=False, is_open=False)]])
def test_what_is_not_open_is_never_told(after: list[StandingAlert]) -> None:
    assert told([alert(is_open=False)], after, {}) == []
    assert told([], [alert(is_open=False)], {}) == []
    assert told([alert(is_open=False)], [alert()], {}) == [What.NEW], "open by now: nobody was told of it before"
    assert told([alert()], [alert(is_open=False)], {}) == [], "in force, and discreet by now: neither is said"


@pytest.mark.parametrize(
    ("kind", "text", "asked"),
    [
        (IdentifierKind.CUI, "8750313310502", ["CUI:8750313310502"]),
        (IdentifierKind.PLATE, "P-123BCD|GTM", ["PLATE:GTM:123BCD"]),
        (IdentifierKind.DOCUMENT, "USA:X1234567", ["DOCUMENT:USA:X1234567", "DOCUMENT_NUMBER:X1234567"]),
        (IdentifierKind.NIT, "12345K", ["NIT:12345K"]),
        (IdentifierKind.ENGINE, "ABC1234", ["ENGINE:ABC1234", "ENGINE_TAIL:BC1234", "ENGINE_TAIL:ABC1234"]),
    ],
)
def test_who_asked_in_vain_is_found_by_what_she_asked(kind: IdentifierKind, text: str, asked: list[str]) -> None:
    """A passport that nobody had, at a border post; the warrant that states it comes a minute later."""
    assert [f"{IdentifierKind(kind).name}:{text}" for kind, text in as_asked(kind, text)] == asked


def test_what_stood_between_two_looks_is_told() -> None:
    """Nobody looked while it was issued and withdrawn, or cancelled and issued anew; an officer may have."""

    def change(kind: Kind, record_id: str) -> Change:
        return Change(kind, "oj", "court", record_id=record_id)

    fed = fed_since([change(Kind.UPSERT, "W1"), change(Kind.HEARTBEAT, ""), change(Kind.CANCEL, "W1")])
    assert told([], [alert(pending=False)], fed) == [What.CANCELLED]
    fed = fed_since([change(Kind.CANCEL, "W1"), change(Kind.UPSERT, "W1")])
    assert told([alert()], [alert()], fed) == [What.NEW]
    assert told([alert()], [alert()], fed_since([change(Kind.UPSERT, "W1")])) == []
    other = replace(change(Kind.UPSERT, "W1"), manifest_source="medidas")
    closed = replace(change(Kind.CANCEL, "W1"), manifest_source="ordenes")
    assert fed_since([closed, other]) == {}, "one number of two sources is two records"
    assert fed_since([replace(closed, manifest_source=""), other])["oj", "W1"].reissued, "it may have meant any"


def change(what: What, sequence: int, changed_ms: int) -> AlertChange:
    return AlertChange(what, SUBJECT, alert(pending=what is What.NEW), "base", sequence, True, changed_ms)


def look(key: str, officer: str = "pnc/1") -> Found:
    return Found(0, Look(key, officer, bytes(15) + b"\1", 1000, "base", 0))


def test_the_newest_word_waits_until_its_receipt(tmp_path: Path) -> None:
    store = RecallStore(tmp_path / "recall")
    assert stat.S_IMODE((tmp_path / "recall").stat().st_mode) == 0o700
    now_ms = 100 * DAY_MS
    taken = Taken("base", 4, {SUBJECT: [alert()]})
    [issued] = store.take(taken, [(change(What.NEW, 4, now_ms), [look("w/1/1"), look("w/1/2", "pnc/2")])])
    [first] = store.waiting("pnc/1", 0, now_ms, 10)
    assert (first.what, first.subject, first.record) == (What.NEW, SUBJECT, "W1")
    assert store.standing(SUBJECT) == [alert()]
    store.tell(issued, [look("w/1/1"), look("w/1/3")])
    assert len(store.waiting("pnc/1", 0, now_ms, 10)) == 2, "each look-up once"
    newest, officers = store.news(first.number)
    assert newest > first.number and set(officers) == {"pnc/1", "pnc/2"}
    assert store.received("pnc/1", [first.id], now_ms) == 1

    store = RecallStore(tmp_path / "recall")  # another process, after a kill
    assert store.place() == ("base", 4)
    both = [look("w/1/1"), look("w/1/2", "pnc/2")]
    store.take(Taken("base", 5, {SUBJECT: []}), [(change(What.CANCELLED, 5, now_ms), both)])
    assert [row.what for row in store.waiting("pnc/1", 0, now_ms, 10)] == [What.CANCELLED]
    assert [row.what for row in store.waiting("pnc/2", 0, now_ms, 10)] == [What.CANCELLED], "what was not told is over"
    store.tell(issued, [look("w/1/9")])
    late = [row.what for row in store.waiting("pnc/1", 0, now_ms, 10)]
    assert late == [What.CANCELLED], "a late look-up is told no old word"
    assert store.received("pnc/2", [first.id], now_ms) == 0, "of another officer"
    assert store.waiting("pnc/2", 0, now_ms + VALID_MS + 1, 10) == []
    assert [each.what for each in store.recent(1000)] == [What.NEW, What.CANCELLED]
    store.forget(now_ms + VALID_MS + 31 * DAY_MS)
    assert store.news(0) == (0, [])
    assert (tmp_path / "recall" / FILE).exists()


def test_sequences_of_a_ledger_that_was_put_away_are_compared_with_nothing(tmp_path: Path) -> None:
    """Else nobody hears of anything until the new one is as long: every look-up would have seen every change."""
    store = RecallStore(tmp_path)
    store.take(Taken("base", 1000, {SUBJECT: [alert()]}), [(change(What.NEW, 1000, 5000), [look("w/1/1")])])
    store.take(Taken("base", 0, {}, anew_ms=6000), [])
    [waiting] = store.waiting("pnc/1", 0, 6000, 10)
    assert (waiting.sequence, store.place(), store.ledger_since_ms(), store.recent(10_000)) == (
        0,
        ("base", 0),
        6000,
        [],
    )
    seen_before = Look("w/1/2", "pnc/1", bytes(16), 5500, "base", 900)
    assert not saw(seen_before, change(What.NEW, 3, 7000), store.ledger_since_ms())
    assert saw(replace(seen_before, time_ms=8000), change(What.NEW, 3, 7000), store.ledger_since_ms())


def test_what_another_ledger_says_is_told(tmp_path: Path) -> None:
    base = built(tmp_path / "first", small_world())
    fed = FedWorld(tmp_path / "fed", small_world(), base)
    store = RecallStore(tmp_path / "recall")
    views = Views(fed.data, store)

    def looked() -> list[tuple[What, str]]:
        seen = views.look()
        if seen is None:
            return []
        store.take(seen.taken, [(each, []) for each in seen.changes])
        views.done(seen)
        return [(each.what, each.alert.records[0][1]) for each in seen.changes]

    first = LedgerWriter(fed.data / LEDGER)
    first.append([warrant(fed, "W8", MARTA), warrant(fed, "W9", MARTA), warrant(fed, "W10", LUIS)], AS_OF_S * 1000)
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        follower.step()
    assert sorted(looked()) == [(What.NEW, "W10"), (What.NEW, "W8"), (What.NEW, "W9")]
    first.close()
    (fed.data / LEDGER).rename(tmp_path / "put-away")
    assert looked() == []
    second = LedgerWriter(fed.data / LEDGER)
    second.append([warrant(fed, "W11", LUIS)], AS_OF_S * 1000)
    assert looked() == [], "the view is of the other one"
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        follower.step()
    assert (What.NEW, "W11") in looked()
    assert store.place() == (fed.base_id, 1)
    second.close()
    fed.writer.close()


def test_a_view_is_taken_over_whole_or_not_at_all(tmp_path: Path) -> None:
    store = RecallStore(tmp_path)

    class Killed(Exception):
        pass

    class Broken(list[Found]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            raise Killed

    with pytest.raises(Killed):
        store.take(Taken("base", 4, {SUBJECT: [alert()]}), [(change(What.NEW, 4, 1000), Broken())])
    assert (store.place(), store.standing(SUBJECT), store.recent(0)) == (("", 0), None, [])


def test_the_hash_key_before_stays_as_long_as_it_is_searched_with(tmp_path: Path) -> None:
    first = current_hash_key(tmp_path, 0, kept_ms=30 * DAY_MS)
    second = current_hash_key(tmp_path, 30 * DAY_MS, kept_ms=30 * DAY_MS)
    assert kept_hash_keys(tmp_path, 31 * DAY_MS) == [second, first]
    assert current_hash_key(tmp_path, 59 * DAY_MS, kept_ms=30 * DAY_MS) == second
    third = current_hash_key(tmp_path, 60 * DAY_MS, kept_ms=30 * DAY_MS)
    assert kept_hash_keys(tmp_path, 61 * DAY_MS) == [third, second]
    assert first.key.hex() not in (tmp_path / "hash.key").read_text(encoding="ascii")
    assert current_hash_key(tmp_path, 62 * DAY_MS) == third
    assert kept_hash_keys(tmp_path, 62 * DAY_MS) == [third], "switched off: gone with the next segment"


GROWN, CHILD = 21, 22
BORN = {GROWN: "2004-01-02", CHILD: "2016-01-02"}
CHILDS_DAY = "2019-05-05"  # of what the one did at fifteen; the other was three, and is a minor yet


def of_minors(fed: FedWorld, record_id: str, number: int, state: str = "PENDIENTE") -> Change:
    who = {"CUI": cui_of(number), "NOMBRE": f"PERSONA {number} TZOC", "NACIMIENTO": BORN[number]}
    return fed.upsert("oj", ORDEN=record_id, **who, ESTADO=state, FECHA=CHILDS_DAY, DELITO="ROBO")


@pytest.mark.parametrize(
    ("purpose", "of_whom"),
    [(PURPOSE_TRAFFIC_STOP, (GROWN, CHILD)), (PURPOSE_CLEARANCE, (GROWN,))],
    ids=["to act", "not to act"],
)
def test_what_a_minor_did_is_told_to_who_may_act(tmp_path: Path, purpose: int, of_whom: tuple[int, ...]) -> None:
    """As checks show it then: of a child to who may act alone, nor that it is cancelled; never the offence."""
    world = small_world()
    for number, born in BORN.items():
        world.person(number, f"PERSONA {number} TZOC", born)
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "first", world))
    store = RecallStore(tmp_path / "recall")
    views = Views(fed.data, store)
    unseeing = Grant({sensitivity: 0 if sensitivity == SENSITIVITY_MINOR else 2**64 - 1 for sensitivity in range(1, 6)})
    looks = [look("w/1/1")]
    ledger = LedgerWriter(fed.data / LEDGER)

    def said() -> list[str]:
        """Returns what the officer who may see no minors reads of what is new."""
        seen = views.look()
        assert seen is not None
        store.take(seen.taken, [(each, looks) for each in seen.changes])
        views.done(seen)
        rows = store.waiting("pnc/1", 0, AS_OF_S * 1000, 10)
        judged = [telling.told(row, fed.view(), unseeing, AS_OF_S * 1000 + 1, purpose) for row in rows]
        found = [message.text for message in judged if message is not None]
        assert "ROBO" not in str(found)
        return sorted(found)

    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        follower.step()
        assert said() == []
        ledger.append([of_minors(fed, "W30", GROWN), of_minors(fed, "W31", CHILD)], AS_OF_S * 1000)
        follower.step()
        texts = said()
        assert all(text.startswith("NUEVA ALERTA: orden de captura (OJ)") for text in texts)
        assert [number for number in BORN if cui_of(number) in str(texts)] == list(of_whom)
        closed = [of_minors(fed, "W30", GROWN, "CANCELADA"), of_minors(fed, "W31", CHILD, "CANCELADA")]
        ledger.append(closed, AS_OF_S * 1000)
        follower.step()
        texts = said()
        assert all(text.startswith("CANCELADA: NO ACTÚE") for text in texts)
        assert [number for number in BORN if cui_of(number) in str(texts)] == list(of_whom)
    ledger.close()
    fed.writer.close()


MASKS_LISTS = Grant([2**64 - 1] * 5, masks_lists=True)


def told_of_new_warrant(tmp_path: Path, world: SmallWorld, grant: Grant, *, by_number: bool) -> Recall | None:
    """Returns the notices of an officer who looked LUIS up, about the new warrant."""
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "first", world))
    store = RecallStore(tmp_path / "recall")
    views = Views(fed.data, store)
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        follower.step()
        assert views.look() is not None
        with closing(LedgerWriter(fed.data / LEDGER)) as ledger:
            ledger.append([warrant(fed, "W30", LUIS)], AS_OF_S * 1000)
        follower.step()
        seen = views.look()
        assert seen is not None
        found = look("w/1/1")._replace(is_by_number=by_number)
        store.take(seen.taken, [(each, [found]) for each in seen.changes])
        [row] = store.waiting("pnc/1", 0, AS_OF_S * 1000, 10)
        message = telling.told(row, fed.view(), grant, AS_OF_S * 1000 + 1)
    fed.writer.close()
    return message


@pytest.mark.parametrize("masks_lists", [True, False])
@pytest.mark.parametrize("by_number", [True, False])
def test_who_stood_in_a_list_is_told_as_the_list_showed_him(tmp_path: Path, masks_lists: bool, by_number: bool) -> None:
    """A patrol's list has the end of a CUI: a recall of somebody in it does not give the whole one away."""
    grant = Grant([2**64 - 1] * 5, masks_lists=masks_lists)
    assert (grant.masks_lists, grant.with_whole_lists()) == (masks_lists, Grant.everything())
    message = told_of_new_warrant(tmp_path, small_world(), grant, by_number=by_number)
    assert message is not None
    kept_back = masks_lists and not by_number
    assert (cui_of(LUIS) in message.text, "CUI que termina en" in message.text) == (not kept_back, kept_back)
    assert cui_of(LUIS)[-4:] in message.text


def test_who_shares_a_number_with_another_is_told_of_as_the_list_showed_him(tmp_path: Path) -> None:
    """RENAP gives the CUI to both, and all that is stated under it is one subject in CONFLICT."""
    world = small_world()
    world.person(LUIS, "ROSA ISABEL AJU XICAY", "1988-03-03")
    message = told_of_new_warrant(tmp_path, world, MASKS_LISTS, by_number=False)
    assert message is not None
    assert "orden de captura (OJ)" in message.text
    assert "CUI que termina en" in message.text
    assert cui_of(LUIS) not in str(message)
    assert "ROSA" not in str(message)
