"""Five hundred officers give their first PIN, 20 a second, at scrypt's real cost: each is answered once, none wrong."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from server.issuer.forms import Kind
from server.issuer.hashing import hash_secret
from server.issuer.pepper import Pepper
from server.issuer.proving import now_ms, subject_hashes
from server.issuer.settings import IssuerSettings, read_settings
from server.issuer.store import Store
from tests.issuer.issuer_kit import RunningIssuer
from tests.sms.conftest import gateway_settings
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc, eventually, quiet
from tests.trust.conftest import TrustedServer

pytestmark = pytest.mark.long

OFFICERS, A_SECOND = 500, 20
FIRST, OWN = "502846", "739154"
PRODUCTION_LOG_N = IssuerSettings.model_fields["scrypt_log_n"].default


def number_of(officer: int) -> str:
    """An officer's telephone."""
    return f"5025558{officer:04}"


def enrol(directory: Path, *, provisional: bool) -> None:
    """All officers with FIRST as their PIN, at the cost that the issuer has."""
    settings = read_settings(directory)
    pepper, store = Pepper(settings.pepper), Store(settings.database, settings.pepper)

    def hashed(officer: int) -> tuple[int, object]:
        return officer, hash_secret(pepper, Kind.PIN, officer, FIRST, settings.scrypt_log_n)

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(hashed, range(1, OFFICERS + 1)))
    with store.change() as db:
        for officer, secret in made:
            db.execute(
                "INSERT INTO officer (id, nip, unit, roles, reference, epoch) VALUES (?, ?, 'zona-1', ?, ?, 0)",
                (officer, f"{20_000 + officer}", json.dumps(["patrol"]), secrets.token_bytes(16)),
            )
            store.put_telephone(officer, pepper, subject_hashes(pepper, Kind.PIN, f"+{number_of(officer)}"))
            expires_ms = now_ms() + 86_400_000
            store.put_secret(officer, Kind.PIN, secret, expires_ms, provisional=provisional)  # type: ignore[arg-type]
    store.close()


@pytest.fixture(params=["PIN", "CAMBIO"])
def place(
    request: pytest.FixtureRequest, trusted: TrustedServer, tmp_path: Path
) -> Iterator[tuple[str, RunningIssuer, NpmSmsc, GatewayProcess]]:
    """An issuer of this test's own, and the gateway at it, with shipped settings."""
    police = trusted.kit.directory / "institutions" / "pnc"
    issuer = RunningIssuer(tmp_path / "issuer", police, scrypt_log_n=PRODUCTION_LOG_N, refusal_step_ms=250)
    smsc = NpmSmsc()
    gateway = None
    try:
        enrol(issuer.directory, provisional=request.param == "CAMBIO")
        gateway = GatewayProcess(tmp_path / "gateway", smsc.port, **gateway_settings(trusted, issuer, tmp_path))
        smsc.wait("bound")
        yield request.param, issuer, smsc, gateway
    finally:
        if gateway is not None and gateway.process.poll() is None:
            gateway.kill()
        smsc.stop()
        issuer.stop()
        shutil.rmtree(issuer.directory)


def test_five_hundred_first_pins(place: tuple[str, RunningIssuer, NpmSmsc, GatewayProcess]) -> None:
    kind, issuer, smsc, gateway = place
    text, wanted = (f"PIN {FIRST}", "PIN aceptado") if kind == "PIN" else (f"CAMBIO {FIRST} {OWN}", "PIN cambiado")
    began = time.monotonic()
    for officer in range(1, OFFICERS + 1):
        smsc.deliver(number_of(officer), text)
        time.sleep(max(0.0, began + officer / A_SECOND - time.monotonic()))
    eventually(lambda: len(smsc.named("submit")) >= OFFICERS, 150)
    quiet(smsc, 3.0)
    told = Counter(str(event["to"]) for event in smsc.named("submit"))
    assert set(told) == {number_of(officer) for officer in range(1, OFFICERS + 1)}
    assert set(told.values()) == {1}
    assert Counter(each[: len(wanted)] for each in smsc.texts()) == {wanted: OFFICERS}
    with closing(sqlite3.connect(issuer.directory / "officers.db")) as db:
        assert db.execute("SELECT count(*) FROM lockout WHERE level > 0 OR until_ms > 0").fetchone() == (0,)
    sent = {str(event["source"]): int(event["at"]) for event in smsc.named("sent")}
    waited = sorted((int(event["at"]) - sent[str(event["to"])]) / 1000 for event in smsc.named("submit"))
    last = max(int(event["at"]) for event in smsc.named("submit"))
    seconds = (last - min(sent.values())) / 1000
    counts = gateway.stop()
    print(  # noqa: T201 - the figures of docs/sms.md
        f"{kind}: {OFFICERS} at {A_SECOND}/s, each answered once in {seconds:.0f} s ({OFFICERS / seconds:.1f}/s); "
        f"waited p50 {statistics.median(waited):.1f} s, p99 {waited[int(0.99 * OFFICERS)]:.1f} s; "
        f"scrypt 2^{PRODUCTION_LOG_N}; {counts['pins_put_off']} put off"
    )
