"""The SMS gateway under load: 5,000 officers ask Ronda with mTLS, policy, limits and audit, through one bind.

npm smpp delivers (bench/clients/smsc_load.js). Some officers give their PIN and pay its hash at the default cost. The
others' sessions are left to the issuer (bench/clients/seeded_issuer.py has the reason) and lie in the gateway's queue
as an earlier gateway leaves them, some with a message. Then every officer asks once; 1,000 messages a second for twenty
seconds; a backlog as fast as possible; 1,000 a second while the bind is dropped ten times and the gateway killed once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.bars import Bar, Samples
from bench.clients.loading_smsc import LoadingSmsc
from bench.foundation import Report, say
from bench.sampling import draw
from bench.trust.allowances import gateways_without_end
from clients.sms.journal import Entry, Journal, KeptSession
from server.issuer.forms import Kind
from server.issuer.hashing import hash_secret
from server.issuer.pepper import Pepper
from server.issuer.proving import now_ms, subject_hashes
from server.issuer.set_up import make_issuer
from server.issuer.settings import IssuerSettings
from server.issuer.store import Store
from tests.issuer.issuer_kit import GATEWAY, RunningIssuer
from tests.lane.lane_kit import lane_address
from tests.server.running_server import RunningServer, until
from tests.sms.smsc_kit import GatewayProcess
from tests.trust.trust_kit import TrustKit

OFFICERS = 5_000
PAYING = 60  # officers who give their PIN
LEFT = 1_500  # messages in the queue of the earlier gateway; it holds 2,000 at most (sms_open)
CALM = 400  # messages a second while sessions are renewed
STEADY = 20_000
BACKLOG = 10_000
BROKEN = 10_000
RATE = 1_000  # messages a second
DROPS = 10
WINDOW = 64
SESSION_S = 600
_PIN = "739154"
_DAY_MS = 86_400_000

BARS = {
    "sms_rate": Bar("SMS: messages answered through one bind", RATE, "1/s", at_most=False),
    "sms_p99": Bar(f"SMS: p99 from deliver_sm to submit_sm at {RATE:,}/s", 100, "ms"),
    "sms_lost": Bar(f"SMS: lost over {DROPS} forced rebinds and a kill -9", 0, "messages"),
    "sms_doubled": Bar("SMS: doubled by the kill, under the same number", WINDOW, "messages"),
    "sms_officers": Bar("SMS: officers who were answered within their sessions", OFFICERS, "officers", at_most=False),
}


class SeededIssuer(RunningIssuer):
    """An issuer that begins with sessions."""

    PROGRAM = ("bench.clients.seeded_issuer",)


@dataclass
class Parts:
    """The running programs."""

    server: RunningServer
    issuer: RunningIssuer
    smsc: LoadingSmsc
    gateway: GatewayProcess

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time until now, by part."""
        roots = {
            "server": self.server.process.pid,
            "issuer": self.issuer.process.pid,
            "SMSC": self.smsc.pid,
            "gateway": self.gateway.process.pid,
        }
        return {name: sum(_seconds(each) for each in _family(pid)) for name, pid in roots.items()}

    def told(self) -> dict[str, int]:
        """The gateway's counts as its metrics have them, written every ten seconds."""
        path = self.gateway.directory / "queue" / "ronda_sms.prom"
        lines = [line.split() for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("#")]
        return {name.removeprefix("ronda_sms_").removesuffix("_total"): int(value) for name, value in lines}


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def number_of(officer: int) -> str:
    """An officer's telephone."""
    return f"502{50_000_000 + officer}"


def _enrol(settings: IssuerSettings, officers: int, paying: int) -> None:
    """All officers and numbers in one transaction; PINs, at the default cost, for those who will give one."""
    pepper, store = Pepper(settings.pepper), Store(settings.database, settings.pepper)
    roles = json.dumps(["patrol"])
    with store.change() as db:
        for officer in range(1, officers + 1):
            db.execute(
                "INSERT INTO officer (id, nip, unit, roles, reference, epoch) VALUES (?, ?, 'zona-1', ?, ?, 0)",
                (officer, f"{20_000 + officer}", roles, secrets.token_bytes(16)),
            )
            store.put_telephone(officer, pepper, subject_hashes(pepper, Kind.PIN, f"+{number_of(officer)}"))
            if officer <= paying:
                made = hash_secret(pepper, Kind.PIN, officer, _PIN, settings.scrypt_log_n)
                store.put_secret(officer, Kind.PIN, made, now_ms() + _DAY_MS, provisional=False)
    store.close()


async def _left_behind(directory: Path, handles: dict[str, str], cuis: list[str]) -> None:
    """A queue as a gateway leaves it that was killed when the first of these officers had just asked."""
    journal = Journal(directory)
    for officer in range(1, PAYING + 1):  # they gave a PIN on another day: first PINs have to wait longer
        journal.know(journal.hash_of("sender", f"+{number_of(officer)}"))
    for at, (number, handle) in enumerate(handles.items()):
        sender = number.removeprefix("+")
        who = journal.hash_of("sender", number)
        journal.know(who)
        journal.keep_session(who, KeptSession(time.time() + SESSION_S, handle, ""))
        if at >= LEFT:
            continue
        text = f"P {cuis[at]}"
        entry = Entry(journal.next_reference(), time.time(), uuid.uuid4().hex, sender, 1, 1, "1110", text)
        journal.accept(entry, journal.hash_of("text", number, entry.text))
    await journal.close()


def measure(work: Path, nation: Path, report: Report, officers: int = OFFICERS) -> None:
    """Fills the values of BARS. nation: a generation's directory, under the data directory of a server."""
    work.mkdir(parents=True, exist_ok=True)
    drawn, _ = draw(nation, LEFT + officers + STEADY + BACKLOG + BROKEN, seed=3)
    cuis = list(dict.fromkeys(drawn))
    kit = TrustKit(work / "keys")
    gateways_without_end(kit.trust)
    own = {"workers": 1, "audit": work / "audit", "lane_listen": "127.0.0.1:0", **kit.settings}
    server = RunningServer(nation.parents[1], work / "server.log", **own).wait_ready()
    institution = kit.directory / "institutions" / "pnc"
    settings = make_issuer(work / "issuer", institution, ["localhost"], [GATEWAY], "127.0.0.1:0")
    say(f"{officers:,} officers are enrolled; {PAYING} will pay for a PIN (scrypt, 2^{settings.scrypt_log_n})")
    _enrol(settings, officers, PAYING)
    smsc = LoadingSmsc(work)
    running: list[Any] = [smsc, server]
    try:
        issuer, identity = _issuer(work, institution, officers)
        running.insert(0, issuer)
        (work / "server-ca.pem").write_bytes(kit.server_ca)
        handles = json.loads((work / "issuer" / "handles.json").read_text(encoding="utf-8"))
        asyncio.run(_left_behind(work / "gateway" / "queue", handles, cuis))
        address = "localhost:" + server.address.rpartition(":")[2]
        gateway = GatewayProcess(
            *(work / "gateway", smsc.port), sms_identity=identity, sms_server=address, sms_issuer=issuer.address,
            sms_lane=lane_address(server), sms_window=WINDOW,
        )  # fmt: skip
        parts = Parts(server, issuer, smsc, gateway)
        running.insert(0, gateway)
        _measure(parts, officers, cuis[LEFT:], report)
    finally:
        for each in running:
            each.stop()


def _issuer(work: Path, institution: Path, officers: int) -> tuple[RunningIssuer, Path]:
    """Running, with the sessions of all who pay for none; and the gateway's certificate."""
    identity = work / "gateway-of-pnc"
    seed_path = work / "issuer" / "seed.json"
    seed_path.write_text(json.dumps({"thumbprint": "", "numbers": []}), encoding="utf-8")
    issuer = SeededIssuer(work / "issuer", institution)
    issuer.stop()
    issuer.gateway.write(identity.with_suffix(".pem"), identity.with_suffix(".key"))
    numbers = [f"+{number_of(officer)}" for officer in range(PAYING + 1, officers + 1)]
    seed = {"thumbprint": issuer.gateway.thumbprint, "numbers": numbers}
    seed_path.write_text(json.dumps(seed), encoding="utf-8")
    issuer.start()
    shutil.copy(work / "issuer" / "server-ca.pem", work / "issuer-ca.pem")
    return issuer, identity


def _measure(parts: Parts, officers: int, cuis: list[str], report: Report) -> None:
    _taken_up(parts, report)
    _paid(parts, report)
    asked = [(number_of(1 + at % officers), f"P {cui}") for at, cui in enumerate(cuis)]
    _every_officer(parts, asked[:officers], report)
    del asked[:officers]
    before = _settled_counts(parts)
    _steady(parts, asked[:STEADY], report)
    _backlog(parts, asked[STEADY : STEADY + BACKLOG], report)
    after = _settled_counts(parts)
    _broken(parts, asked[STEADY + BACKLOG : STEADY + BACKLOG + BROKEN], report)
    sample = Samples("SMS: messages that paid a PIN's hash", [after["pins"] - before["pins"]], "exchanges")
    sample.note = (
        f"of {STEADY + BACKLOG:,} within sessions, {after['failures'] - before['failures']} of them SIN RESPUESTA; "
    )
    sample.note += f"before them {before['pins']:,} by the officers who signed in"
    report.samples.append(sample)


def _settled_counts(parts: Parts) -> dict[str, int]:
    """The gateway's counts, written after now."""
    path = parts.gateway.directory / "queue" / "ronda_sms.prom"
    before = path.stat().st_mtime_ns if path.exists() else 0
    until(lambda: path.exists() and path.stat().st_mtime_ns > before, 30)
    return parts.told()


def _taken_up(parts: Parts, report: Report) -> None:
    """Waits for the answers to the messages of the earlier gateway."""
    say(f"{LEFT:,} messages that an earlier gateway left are answered, each within its session")
    began = time.monotonic()
    until(lambda: parts.smsc.count("notice") >= LEFT, 120)
    sample = Samples("SMS: left by an earlier gateway, answered", [LEFT / (time.monotonic() - began)], "1/s")
    counts = _settled_counts(parts)
    sample.note = f"from the start on; {counts['renewals']:,} sessions renewed, {counts['failures']:,} SIN RESPUESTA"
    report.samples.append(sample)


def _paid(parts: Parts, report: Report) -> None:
    """Some give their PIN."""
    say(f"{PAYING} officers sign in")
    before, began, issuer = parts.smsc.count("notice"), time.monotonic(), parts.cpu()["issuer"]
    parts.smsc.begin([(number_of(officer), f"PIN {_PIN}") for officer in range(1, PAYING + 1)], 0)
    smsc = parts.smsc  # who waited too long is answered too: SIN RESPUESTA, with a number
    until(lambda: smsc.count("notice") - before + smsc.report()["failed"] >= PAYING, 120)
    seconds = time.monotonic() - began
    cpu = (parts.cpu()["issuer"] - issuer) / PAYING
    accepted = sum("PIN aceptado" in text for text in parts.smsc.notices()[before:])
    sample = Samples("SMS: officers signed in by PIN", [PAYING / seconds], "1/s")
    sample.note = (
        f"{accepted} accepted; issuer's CPU {cpu * 1000:.0f} ms each: 5,000 would take {5000 * seconds / PAYING:.0f} s"
    )
    report.samples.append(sample)


def _every_officer(parts: Parts, asked: list[tuple[str, str]], report: Report) -> None:
    """Each asks once; sessions that were not used yet are renewed by it."""
    say(f"every officer asks, {CALM} a second")
    before = _settled_counts(parts)
    parts.smsc.begin(asked, CALM)
    found = parts.smsc.settled(len(asked), 120)
    after = _settled_counts(parts)
    report.values["sms_officers"] = float(after["answers"] - before["answers"])
    sample = Samples("SMS: every officer asks once, deliver_sm to submit_sm", [found["p50"]], "ms")
    sample.note = f"p99 {found['p99']:.0f} ms; {after['renewals'] - before['renewals']:,} sessions renewed"
    report.samples.append(sample)


def _steady(parts: Parts, asked: list[tuple[str, str]], report: Report) -> None:
    say(f"{len(asked):,} messages at {RATE:,} a second")
    before = parts.cpu()
    parts.smsc.begin(asked, RATE)
    found = parts.smsc.settled(len(asked), 60)
    used = {name: (seconds - before[name]) / len(asked) * 1e6 for name, seconds in parts.cpu().items()}
    report.values["sms_p99"] = found["p99"] if found["answered"] == len(asked) else float("inf")
    sample = Samples(f"SMS: deliver_sm to submit_sm at {RATE:,}/s", [found["p50"]], "ms")
    sample.note = (
        f"p99 {found['p99']:.1f} ms, most {found['most']:.0f} ms, {found['answered']:,} answered; CPU a message: "
    )
    sample.note += ", ".join(f"{name} {each:.0f} us" for name, each in used.items())
    report.samples.append(sample)


def _backlog(parts: Parts, asked: list[tuple[str, str]], report: Report) -> None:
    say(f"{len(asked):,} messages as fast as they are taken")
    parts.smsc.begin(asked, 0)
    found = parts.smsc.settled(len(asked), 60)
    report.values["sms_rate"] = found["answered"] / found["seconds"]
    sample = Samples("SMS: a backlog, deliver_sm to submit_sm", [found["p50"]], "ms")
    sample.note = f"p99 {found['p99']:.0f} ms; put off and delivered again {found['putOff']:,}"
    report.samples.append(sample)


def _broken(parts: Parts, asked: list[tuple[str, str]], report: Report) -> None:
    say(f"{DROPS} forced rebinds and a kill -9")
    smsc, rested = parts.smsc, parts.smsc.count("rested")
    step = len(asked) // (DROPS + 2)
    smsc.begin(asked, RATE, drops=[drop * step for drop in range(1, DROPS + 1)], rests=[(DROPS + 1) * step])
    smsc.wait("rested", rested + 1, 120)
    parts.gateway.kill()
    smsc.send(mark=True)
    parts.gateway.start()
    found = smsc.settled(len(asked), 60)
    report.values["sms_lost"] = float(found["unanswered"] + found["failed"] + len(asked) - found["delivered"])
    report.values["sms_doubled"] = float(found["doubledSinceMark"])
    sample = Samples("SMS: replies that came twice, drops and kill", [found["doubled"]], "messages")
    sample.note = (
        f"of {len(asked):,}; each drop may double a window of {WINDOW}; without a bind {found['held']:.1f} s in all"
    )
    report.samples.append(sample)
