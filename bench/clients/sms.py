"""The SMS gateway under load: npm smpp delivers, officers ask Ronda with mTLS, policy, limits and audit.

Officers sign in at the institution's own issuer first (what that paid is printed); then 10,000 messages come through
one bind at a steady rate, and again while the bind is dropped ten times and the gateway is killed once.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.bars import Bar, Samples
from bench.foundation import Report, say
from bench.sampling import draw
from bench.trust.allowances import gateways_without_end
from ronda.v1 import token_service_pb2 as tokens
from server.issuer.clerk import Clerk
from server.issuer.forms import Kind
from server.issuer.settings import read_settings
from tests.issuer.issuer_kit import RunningIssuer, fresh
from tests.server.running_server import RunningServer
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc
from tests.trust.trust_kit import TrustKit

OFFICERS = 5_000
MESSAGES = 10_000
RATE = 1_000  # messages a second
DROPS = 10
WINDOW = 64
_PIN = "739154"

BARS = {
    "sms_rate": Bar("SMS: messages answered through one bind", RATE, "1/s", at_most=False),
    "sms_p99": Bar("SMS: p99 from deliver_sm to submit_sm", 100, "ms"),
    "sms_lost": Bar(f"SMS: lost over {DROPS} forced rebinds and a kill -9", 0, "messages"),
    "sms_doubled": Bar("SMS: doubled by the kill", WINDOW, "messages"),
}


def number_of(officer: int) -> str:
    """An officer's telephone."""
    return f"502{50_000_000 + officer}"


def _enrol(issuer: RunningIssuer, officers: int) -> None:
    clerk = Clerk(read_settings(issuer.directory))
    stub = issuer.stub(issuer.gateway)
    for officer in range(officers):
        nip, number = f"{20_000 + officer}", f"+{number_of(officer)}"
        clerk.enrol(nip, "zona-1", ["patrol"], reinstate=False)
        clerk.set_number(nip, number)
        clerk.reset(nip, Kind.PIN, "502846")
        stub.ChangePin(
            tokens.ChangePinRequest(request_id=fresh(), telephone=number, present="502846", wanted=_PIN), timeout=60
        )
    clerk.close()


def _paced(smsc: NpmSmsc, texts: list[str], officers: int, rate: int, then: dict[int, Any]) -> None:
    """Delivers at a steady rate; then: what to do before the message of a number."""
    began = time.monotonic()
    for at, text in enumerate(texts):
        if act := then.get(at):
            act()
        late = began + at / rate - time.monotonic()
        if late > 0.005:
            time.sleep(late)
        smsc.deliver(number_of(at % officers), text)


def _settled(smsc: NpmSmsc, expected: int, seconds: float = 120.0) -> None:
    """Waits until so many different replies came, or none for ten seconds."""
    end, before, since = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < end:
        found = len(_references(smsc))
        if found >= expected:
            return
        if found != before:
            before, since = found, time.monotonic()
        elif time.monotonic() - since > 10:
            return
        time.sleep(0.1)


def _references(smsc: NpmSmsc) -> Counter[str]:
    return Counter(text.removesuffix(" MAS").rpartition(" R")[2] for text in smsc.texts() if " R" in text)


def measure(work: Path, nation: Path, report: Report, officers: int = OFFICERS) -> None:
    """Fills the values of BARS. nation: a generation's directory, under the data directory of a server."""
    data = nation.parents[1]
    work.mkdir(parents=True, exist_ok=True)
    cuis, _ = draw(nation, MESSAGES, seed=3)
    kit = TrustKit(work / "keys")
    gateways_without_end(kit.trust)
    own = {"workers": 1, "audit": work / "audit", **kit.settings}
    server = RunningServer(data, work / "server.log", **own).wait_ready()
    issuer = RunningIssuer(work / "issuer", kit.directory / "institutions" / "pnc")
    smsc = NpmSmsc()
    gateway: GatewayProcess | None = None
    try:
        say(f"{officers:,} officers are enrolled")
        _enrol(issuer, officers)
        issuer.gateway.write(work / "gateway.pem", work / "gateway.key")
        (work / "server-ca.pem").write_bytes(kit.server_ca)
        shutil.copy(issuer.directory / "server-ca.pem", work / "issuer-ca.pem")
        gateway = GatewayProcess(
            work / "gateway",
            smsc.port,
            sms_identity=work / "gateway",
            sms_server="localhost:" + server.address.rpartition(":")[2],
            sms_issuer=issuer.address,
            sms_window=WINDOW,
            sms_sender_minute=100_000,
        )
        smsc.wait("bound")
        _measure_steady(smsc, officers, cuis, report)
        _measure_broken(smsc, gateway, officers, cuis, report)
        gateway.stop()
        pins = max(line["counts"]["pins"] for line in gateway.lines() if "counts" in line)
        report.samples.append(Samples("SMS: exchanges that paid the PIN's hash", [pins], "exchanges"))
    finally:
        if gateway is not None and gateway.process.poll() is None:
            gateway.kill()
        smsc.stop()
        issuer.stop()
        server.stop()


def _measure_steady(smsc: NpmSmsc, officers: int, cuis: list[str], report: Report) -> None:
    say("every officer signs in")
    signing = time.monotonic()
    for officer in range(officers):
        smsc.deliver(number_of(officer), f"PIN {_PIN}")
    smsc.wait("submit", officers, 3600)
    report.samples.append(Samples("SMS: officers signed in", [officers / (time.monotonic() - signing)], "1/s"))
    say(f"{MESSAGES:,} messages at {RATE:,} a second")
    before = len(smsc.named("submit"))
    _paced(smsc, [f"P {cui}" for cui in cuis[:MESSAGES]], officers, RATE, {})
    _settled(smsc, MESSAGES)
    sent = smsc.named("sent")[-MESSAGES:]
    came = smsc.named("submit")[before:]
    waiting: dict[str, list[float]] = {}
    for event in sent:
        waiting.setdefault(event["source"], []).append(event["at"])
    latencies = []
    for event in came:
        if began := waiting.get(event["to"]):
            latencies.append(event["at"] - began.pop(0))
    if latencies:
        report.values["sms_rate"] = len(came) * 1000 / (came[-1]["at"] - sent[0]["at"])
        report.values["sms_p99"] = statistics.quantiles(latencies, n=100)[98]
        said = Samples("SMS: deliver_sm to submit_sm", [statistics.median(latencies)], "ms")
        said.note = f"p99 {report.values['sms_p99']:.0f} ms, most {max(latencies):.0f} ms, {len(came):,} replies"
        report.samples.append(said)


def _measure_broken(smsc: NpmSmsc, gateway: GatewayProcess, officers: int, cuis: list[str], report: Report) -> None:
    say(f"{DROPS} forced rebinds and a kill -9")
    before = set(_references(smsc))
    asked = [f"L {cui}" for cui in cuis[:MESSAGES]]  # other texts than before: no duplicates
    then: dict[int, Any] = {}
    for drop in range(1, DROPS + 1):
        then[drop * MESSAGES // (DROPS + 2)] = _and_bound(smsc, lambda: smsc.send(drop=True))
    at_the_kill: Counter[str] = Counter()

    def kill() -> None:
        gateway.kill()
        at_the_kill.update(_references(smsc))
        gateway.start()

    then[(DROPS + 1) * MESSAGES // (DROPS + 2)] = _and_bound(smsc, kill)
    delivered = len(smsc.named("delivered"))
    _paced(smsc, asked, officers, RATE, then)
    time.sleep(2)
    taken = len(smsc.named("delivered")) - delivered  # acknowledged by the gateway: those must be answered
    _settled(smsc, len(before) + taken)
    after = {reference: times for reference, times in _references(smsc).items() if reference not in before}
    report.values["sms_lost"] = float(max(taken - len(after), 0))
    finally_seen = _references(smsc)
    report.values["sms_doubled"] = float(sum(finally_seen[each] - times for each, times in at_the_kill.items()))
    report.samples.append(Samples("SMS: taken while the bind broke", [taken], "messages"))


def _and_bound(smsc: NpmSmsc, act: Callable[[], object]) -> Callable[[], None]:
    """Breaks the bind, and waits for the next."""

    def broken() -> None:
        before = len(smsc.named("bound"))
        act()
        smsc.wait("bound", before + 1)

    return broken
