"""`ronda clear`, CSV to CSV, as a clearance agency runs it: its own process beside a server in production mode.

One file by CUI of people on file (id, CUI), another by name and birth date; then ten runs, each killed at a random
moment and resumed. A rate counts rows over the whole of the command: its start, hashes, summary and receipt included.
On a busy machine look at the CPU a row, of the client and of the server: both have to find room on two cores.
"""

from __future__ import annotations

import csv
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.bars import Bar, Samples
from bench.foundation import Report, say
from bench.sampling import draw
from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from tests.server.published import Published
from tests.server.running_server import RunningServer
from tests.trust.trust_kit import TrustKit

BARS = {
    "agency_cui": Bar("ronda clear: rows a second by CUI", 350_000, "1/s", at_most=False),
    "agency_name": Bar("ronda clear: rows a second by name and birth date", 12_000, "1/s", at_most=False),
    "agency_memory": Bar("ronda clear: memory, 1 M rows by CUI", 300, "MiB"),
    "agency_kills": Bar("ronda clear: runs of 10 killed and resumed that differ", 0, "runs"),
}
ROWS, LONG_ROWS, NAME_ROWS, RUNS, KILLS = 1_000_000, 4_000_000, 360_000, 3, 10
_DRAWN = 400_000
_ROW_ALLOWANCE = "rows = { count = 2000000, seconds = 86400, burst = 1000000 }"


@dataclass
class _Run:
    """The cost of one run. memory: MiB at most that the process held (mapped files aside). cpu: seconds."""

    seconds: float
    memory: float
    client_cpu: float
    server_cpu: float

    def us(self, rows: int) -> str:
        """CPU a row, as a note."""
        client, server = (1e6 * cpu / rows for cpu in (self.client_cpu, self.server_cpu))
        return f"CPU a row: client {client:.2f} + server {server:.2f} us"


class _Office:
    """An agency: a server in production mode over `generation`, and an identity that it accepts."""

    def __init__(self, work: Path, generation: Path) -> None:
        (work / "data" / "generations").mkdir(parents=True)
        Published(work / "data", generation).publish()
        kit = TrustKit(work / "keys")
        limits = kit.trust / "limits.toml"
        text = limits.read_text(encoding="utf-8")
        endless = _ROW_ALLOWANCE.replace("2000000", "2000000000").replace("1000000 ", "1000000000 ")
        limits.write_text(text.replace(_ROW_ALLOWANCE, endless), encoding="utf-8")
        agency = kit.issuer("digecam")
        device = agency.device("certificados", "desk-1")
        self._prefix = work / "batch"
        self._prefix.with_suffix(".pem").write_bytes(device.certificate)
        self._prefix.with_suffix(".key").write_bytes(device.key)
        token = agency.token("1", "certificados", ["clearance"], device.thumbprint)
        self._prefix.with_suffix(".token").write_text(token, encoding="ascii")
        (work / "server-ca.pem").write_bytes(kit.server_ca)
        self.server = RunningServer(
            work / "data", work / "server.log", workers=2, verify_mib_per_s=0, **kit.settings
        ).wait_ready()

    def start(self, file: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
        """A run in its own process; its files stand in a directory that only it writes."""
        target = f"localhost:{self.server.address.rpartition(':')[2]}"
        given = ["--standard", "wanted", "--out", str(out), "--server", target, "--identity", str(self._prefix)]
        command = [sys.executable, "-m", "ronda.command", "clear", str(file), *given, *more]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, file: Path, out: Path, *more: str) -> _Run:
        """A run to its end. Raises AssertionError: it failed."""
        began, server = time.perf_counter(), self._server_cpu()
        running = self.start(file, out, *more)
        memory, client = _watched(running)
        seconds = time.perf_counter() - began
        if running.returncode:
            said = running.stderr.read() if running.stderr is not None else b""
            raise AssertionError(f"ronda clear ended with {running.returncode}: {said.decode()[-500:]}")
        return _Run(seconds, memory, client, self._server_cpu() - server)

    def _server_cpu(self) -> float:
        """Seconds, of the supervisor and everything it started."""
        supervisor = psutil.Process(self.server.process.pid)
        held = [each.cpu_times() for each in (supervisor, *supervisor.children(recursive=True))]
        return float(sum(each.user + each.system for each in held))


def _people(generation: Path, cuis: list[str]) -> list[list[str]]:
    """Whole names and birth dates of people on file."""
    engine = Engine(Generation.open(generation))
    found: list[list[str]] = []
    for cui in cuis:
        request = contract.CheckPersonRequest(cui=cui).SerializeToString()
        answer = engine.answer(Method.CHECK_PERSON, request, Grant.everything(), int(time.time() * 1000))
        for claim in contract.CheckPersonResponse.FromString(answer).person.identity_claims:
            born, name = claim.birth_date, claim.name
            parts = (name.first_given, name.second_given, name.third_given, name.first_surname, name.second_surname)
            whole = name.full or " ".join(filter(None, parts))
            if whole and born.year and born.month and born.day:
                found.append([whole, f"{born.year:04}-{born.month:02}-{born.day:02}"])
                break
    return found


def _write(path: Path, head: list[str], rows: Iterable[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
    return path


def measure(work: Path, generation: Path, report: Report) -> None:
    """Fills the bars above."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    cuis, _ = draw(generation, _DRAWN, seed=6)
    by_cui, long = (
        _write(work / f"cui-{rows}.csv", ["id", "DPI"], ([str(i), cuis[i % len(cuis)]] for i in range(rows)))
        for rows in (ROWS, LONG_ROWS)
    )
    people = _people(generation, cuis[: NAME_ROWS + NAME_ROWS // 10])[:NAME_ROWS]
    by_name = _write(work / "name.csv", ["nombre completo", "nacimiento"], people)
    office = _Office(work, generation)
    try:
        short = _rates(office, "ronda clear: 1 M rows by CUI", by_cui, ROWS, report)
        report.values["agency_memory"] = max(run.memory for run in short)
        long_runs = _rates(office, "ronda clear: 4 M rows by CUI", long, LONG_ROWS, report)
        report.values["agency_cui"] = LONG_ROWS / statistics.median(run.seconds for run in long_runs)
        named = _rates(office, "ronda clear: by name and birth date", by_name, len(people), report)
        report.values["agency_name"] = len(people) / statistics.median(run.seconds for run in named)
        say(f"agency: {KILLS} kills")
        usual = statistics.median(run.seconds for run in short)
        report.values["agency_kills"] = float(_kills(office, work / "kills", by_cui, usual))
    finally:
        office.server.stop()


def _rates(office: _Office, scenario: str, file: Path, rows: int, report: Report) -> list[_Run]:
    say(scenario)
    runs = [office.run(file, file.with_name("out.csv"), "--restart") for _ in range(RUNS)]
    best = min(runs, key=lambda run: run.client_cpu + run.server_cpu)
    report.samples.append(
        Samples(scenario, [rows / run.seconds for run in runs], "1/s", note=f"{rows:,} rows; {best.us(rows)}")
    )
    return runs


def _watched(run: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Waits for its end: MiB that it held at most, seconds of CPU that it took."""
    most = 0.0
    process = psutil.Process(run.pid)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    while run.poll() is None:
        try:
            held = process.memory_info()
            most = max(most, (held.rss - held.shared) / 1024**2)
        except psutil.Error:
            break
        time.sleep(0.05)
    run.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return most, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _kills(office: _Office, work: Path, file: Path, usual_s: float) -> int:
    """Kills a run at a random moment of its usual time and resumes it, ten times; how many then differ from one that
    nobody disturbed. A run that was faster than its kill counts as killed at its end.
    """
    work.mkdir()
    office.run(file, work / "whole.csv")
    ends = ("csv", "rechazos.csv", "homonimos.csv")
    chosen, differ = random.Random(9), 0
    for number in range(KILLS):
        out = work / f"killed-{number}.csv"
        running = office.start(file, out)
        time.sleep(chosen.random() * usual_s)
        running.kill()
        running.communicate()
        if not out.exists() or (work / f"killed-{number}.avance.json").exists():
            office.run(file, out, "--resume")
        differ += any(
            (work / f"killed-{number}.{end}").read_bytes() != (work / f"whole.{end}").read_bytes() for end in ends
        )
        for left in work.glob(f"killed-{number}.*"):
            left.unlink()
    return differ
