"""Guessing: locks that outlive a restart, floods, stolen and rolled back databases, a rotated pepper."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from ronda.v1 import token_service_pb2 as contract
from server.audit.issuer_acts import IssuerAct
from server.errors import Refusal
from server.issuer import lockouts
from server.issuer.forms import Kind
from server.issuer.hashing import hash_secret, matches
from server.issuer.lockouts import Account, Rule
from server.issuer.pepper import Pepper, rotate_pepper
from server.issuer.settings import FILE
from server.settings import SettingsError
from tests.issuer.issuer_kit import NIP, NUMBER, PIN, RunningIssuer, at_work, clerk, fresh
from tests.server.running_server import until
from tests.trust.trust_kit import TrustKit

NOBODYS = "+50255500000"
WRONG = "918273"


@pytest.fixture
def own(kit: TrustKit, request: pytest.FixtureRequest) -> RunningIssuer:
    """An issuer of this test's own."""
    running = RunningIssuer(kit.directory / request.node.name[:40], kit.directory / "institutions" / "pnc")
    request.addfinalizer(running.stop)
    running.enrol()
    return running


def test_a_number_is_locked_known_or_not_and_stays_so(own: RunningIssuer) -> None:
    """After five failures; through kill -9 and restart; until a clerk unlocks it."""
    for telephone in (NUMBER, NOBODYS):
        said = [own.refused(pin=WRONG, telephone=telephone).reason for _ in range(5)]
        assert said == ["SIGN_IN_REFUSED"] * 5
    locked, nobody = (own.refused(telephone=each) for each in (NUMBER, NOBODYS))
    assert (locked.reason, locked.quota, locked.text) == ("LIMIT_EXCEEDED", "number", nobody.text)
    assert (nobody.reason, nobody.quota) == ("LIMIT_EXCEEDED", "number")
    assert 0 < (locked.retry_after_s or 0) <= 300
    own.stop(signal.SIGKILL)
    own.start()
    assert own.refused().reason == "LIMIT_EXCEEDED"
    with at_work(own.directory) as works:
        works.unlock(NIP)
    assert own.exchange().officer_token


@pytest.fixture
def shared(issuer: RunningIssuer) -> RunningIssuer:
    """The module's, whatever the tests before tried."""
    with at_work(issuer.directory) as works:
        works.unlock(NIP)
    return issuer


def test_many_at_once_are_counted_each_and_sessions_go_on(shared: RunningIssuer) -> None:
    """A hundred wrong PINs at once by the gateway, of one number and of others: five are tried of the one."""
    session = shared.exchange().session

    def guess(number: int) -> str:
        telephone = NUMBER if number % 2 else f"+5025540{number:04}"
        return shared.refused(pin=WRONG, telephone=telephone).reason

    def renew(_: int) -> bool:
        return bool(shared.exchange(pin="", session=session).officer_token)

    with ThreadPoolExecutor(24) as threads:
        guesses, renewals = threads.map(guess, range(100)), threads.map(renew, range(20))
        assert all(renewals)
        said = list(guesses)
    assert set(said) <= {"SIGN_IN_REFUSED", "LIMIT_EXCEEDED", "OVERLOADED"}
    assert said[1::2].count("SIGN_IN_REFUSED") == 5


def test_a_right_pin_forgets_slips(shared: RunningIssuer) -> None:
    for _ in range(2):
        assert [shared.refused(pin=WRONG).reason for _ in range(4)] == ["SIGN_IN_REFUSED"] * 4
        assert shared.exchange().officer_token


def test_hanging_up_pays_all_the_same(shared: RunningIssuer) -> None:
    """The failure of a caller that leaves before the answer is counted."""
    stub = shared.stub(shared.gateway)

    def is_locked_after_leaving() -> bool:
        request = contract.ExchangeRequest(request_id=fresh(), telephone=NUMBER, pin=WRONG)
        with pytest.raises(grpc.RpcError):
            stub.Exchange(request, timeout=0.05)  # a hash takes as long, and the step of a refusal comes after it
        with closing(sqlite3.connect(shared.directory / "officers.db")) as db:
            found = db.execute("SELECT MAX(rounds) FROM lockout WHERE scope = 'number'").fetchone()
        return bool(found[0])

    until(is_locked_after_leaving)


def test_a_database_that_was_put_back_is_not_served(own: RunningIssuer, tmp_path: Path) -> None:
    own.stop()
    copy = tmp_path / "copy.db"
    shutil.copy(own.directory / "officers.db", copy)
    own.start()
    for _ in range(5):
        own.refused(pin=WRONG)
    own.stop()
    for name in ("officers.db-wal", "officers.db-shm"):
        (own.directory / name).unlink(missing_ok=True)
    shutil.copy(copy, own.directory / "officers.db")
    said = clerk(own.directory, "serve", expect=2)
    assert "rolled back" in said.stderr
    clerk(own.directory, "accept")
    own.start()
    assert own.exchange().officer_token
    assert IssuerAct.ACCEPT_RESTORED in {each.method for each in own.records(50)}


def test_a_database_that_is_put_back_under_a_running_issuer_is_refused(own: RunningIssuer) -> None:
    """Its newest sequence is recognised at the next change."""
    with closing(sqlite3.connect(own.directory / "officers.db")) as db:
        db.execute("UPDATE meta SET sequence = sequence - 3")
        db.commit()
    assert own.refused().reason == "INTERNAL"
    assert "RolledBack" in own.logged()
    (own.directory / "pepper" / "keys.json").chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        Pepper(own.directory / "pepper")


def test_a_stolen_database_answers_no_guess_without_the_pepper(shared: RunningIssuer, tmp_path: Path) -> None:
    """Every PIN could be tried in hours, if the hash were of the PIN alone; another key makes nothing match."""
    with closing(sqlite3.connect(shared.directory / "officers.db")) as db:
        assert db.execute("SELECT COUNT(*) FROM telephone").fetchone() == (1,)
    shutil.copytree(shared.directory / "pepper", tmp_path / "pepper")
    rotate_pepper(tmp_path / "pepper")
    pepper, other = Pepper(shared.directory / "pepper"), Pepper(tmp_path / "pepper")
    stored = hash_secret(pepper, Kind.PIN, 1, PIN, 14)
    assert matches(pepper, Kind.PIN, 1, PIN, stored)
    assert not matches(pepper, Kind.PIN, 2, PIN, stored)
    assert not matches(pepper, Kind.PASSWORD, 1, PIN, stored)
    renamed = dataclasses.replace(stored, pepper=other.newest.id)
    assert not matches(other, Kind.PIN, 1, PIN, renamed)


def test_a_rotated_pepper_and_a_dearer_hash_are_taken_up_in_use(own: RunningIssuer) -> None:
    with at_work(own.directory) as works:
        assert works.rotate_pepper() == (2, 0)
    assert own.exchange().officer_token
    own.stop()
    text = (own.directory / FILE).read_text(encoding="utf-8").replace("scrypt_log_n = 14", "scrypt_log_n = 15")
    (own.directory / FILE).write_text(text, encoding="utf-8")
    own.start()
    assert own.exchange().officer_token
    newest = Pepper(own.directory / "pepper").newest.id
    with closing(sqlite3.connect(own.directory / "officers.db")) as db:
        assert db.execute("SELECT pepper, log_n FROM secret").fetchall() == [(newest, 15)]
        assert db.execute("SELECT pepper FROM telephone").fetchall() == [(newest,)]
    with at_work(own.directory) as works:
        assert works.rotate_pepper() == (2, 1)
    assert own.exchange().officer_token


def test_spraying_locks_the_gateway_and_strangers_do_not(tmp_path: Path, kit: TrustKit) -> None:
    """One wrong PIN for each officer on file locks the gateway for all; as many for numbers of nobody lock nothing."""
    running = RunningIssuer(
        kit.directory / "sprayed", kit.directory / "institutions" / "pnc", gateway_failures=5, refusal_step_ms=10
    )
    try:
        with at_work(running.directory) as works:
            for number in range(6):
                works.enrol(f"2{number}", "zona-1", ["patrol"], reinstate=False)
                works.set_number(f"2{number}", f"+5025666000{number}")
        for number in range(7):
            assert running.refused(telephone=f"+5025777000{number}").reason == "SIGN_IN_REFUSED"
        said = [running.refused(telephone=f"+5025666000{number}") for number in range(6)]
        assert [each.reason for each in said] == [*["SIGN_IN_REFUSED"] * 5, "LIMIT_EXCEEDED"]
        assert said[-1].quota == "gateway"
        assert running.refused(telephone=NOBODYS).quota == "gateway"
        with at_work(running.directory) as works:
            works.unlock_wide()
        assert running.refused(telephone=NOBODYS).reason == "SIGN_IN_REFUSED"
    finally:
        running.stop()


RULE = Rule("number", 5, 86_400, 300, 86_400)


@pytest.fixture
def counted() -> Iterator[sqlite3.Connection]:
    """The lock-outs' table alone."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "CREATE TABLE lockout (scope TEXT, key BLOB, level REAL, rounds INTEGER, changed_ms INTEGER, "
            "until_ms INTEGER, PRIMARY KEY (scope, key))"
        )
        yield db


def test_locks_grow_and_a_clock_that_is_set_back_adds_nothing(counted: sqlite3.Connection) -> None:
    account, now = Account(RULE, b"x"), 1_000_000_000_000
    locks = []
    for _ in range(14):
        made = lockouts.charge(counted, account, now)
        if made.until_ms:
            locks.append((made.until_ms - now) // 1000)
            now = made.until_ms
    assert locks == [min(300 << number, 86_400) for number in range(10)]
    lockouts.charge(counted, account, now)
    with pytest.raises(Refusal) as refused:
        lockouts.check_locks(counted, [account], now - 10 * 365 * 86_400_000)
    assert refused.value.retry_after_ms == 86_400_000


def test_failures_leak_away_and_right_pins_pay_back(counted: sqlite3.Connection) -> None:
    account, now = Account(RULE, b"x"), 1_000_000_000_000
    for _ in range(2):
        for _ in range(4):
            assert not lockouts.charge(counted, account, now).until_ms
        now += 86_400_000
    for _ in range(4):
        lockouts.charge(counted, account, now)
    for _ in range(4):  # each locks, and gives that back
        right = lockouts.charge(counted, account, now)
        lockouts.give_back(counted, right, now, pays=0.25)
        lockouts.check_locks(counted, [account], now)
    assert not lockouts.charge(counted, account, now).until_ms
    assert lockouts.charge(counted, account, now).until_ms


def test_a_rule_that_slows_refuses_nobody(counted: sqlite3.Connection) -> None:
    account, now = Account(Rule("device", 5, 3600, 1, 4, slows=True), b"x"), 1_000_000_000_000
    pauses = []
    for _ in range(9):
        lockouts.charge(counted, account, now)
        lockouts.check_locks(counted, [account], now)
        pauses.append(lockouts.pause_ms(counted, [account], now))
    assert pauses == [0, 0, 0, 0, 1000, 2000, 4000, 4000, 4000]
    assert lockouts.pause_ms(counted, [account], now + 4000) == 0
