"""`ronda clear`, CSV to CSV, as a clearance agency runs it: its own process beside a server in production mode.

By CUI a file of 1 M rows (id, CUI), by name and birth date one of 30,000, of people on file; then ten kills at random
moments. A rate counts rows over the whole of the command, its start, hashes and receipt included.
"""

from __future__ import annotations

import csv
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.bars import Bar, Samples
from bench.foundation import Report
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
    "agency_memory": Bar("ronda clear: memory, 1 M rows", 300, "MiB"),
    "agency_kills": Bar("ronda clear: runs of 10 killed and resumed that differ", 0, "runs"),
}
ROWS, NAME_ROWS, RUNS, KILLS = 1_000_000, 30_000, 3, 10
_DRAWN = 100_000
_ROW_ALLOWANCE = "rows = { count = 2000000, seconds = 86400, burst = 1000000 }"


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
        """A run in its own process."""
        target = f"localhost:{self.server.address.rpartition(':')[2]}"
        given = ["--standard", "wanted", "--out", str(out), "--server", target, "--identity", str(self._prefix)]
        command = [sys.executable, "-m", "ronda.command", "clear", str(file), *given, *more]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _ended(run: subprocess.Popen[bytes]) -> float:
    """MiB at most that the process held (RssAnon + RssShmem, mapped files aside). Raises AssertionError."""
    most = 0.0
    process = psutil.Process(run.pid)
    while run.poll() is None:
        try:
            held = process.memory_info()
            most = max(most, (held.rss - held.shared) / 1024**2)
        except psutil.Error:
            break
        time.sleep(0.05)
    _, said = run.communicate()
    if run.returncode:
        raise AssertionError(f"ronda clear ended with {run.returncode}: {said.decode()[-500:]}")
    return most


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


def _write(path: Path, head: list[str], rows: list[list[str]]) -> Path:
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
    by_cui = _write(work / "cui.csv", ["id", "DPI"], [[str(i), cuis[i % len(cuis)]] for i in range(ROWS)])
    people = _people(generation, cuis[:NAME_ROWS])
    by_name = _write(work / "name.csv", ["nombre completo", "nacimiento"], people)
    office = _Office(work, generation)
    try:
        memory = []
        for name, file, rows in (("agency_cui", by_cui, ROWS), ("agency_name", by_name, len(people))):
            rates = []
            for _ in range(RUNS):
                began = time.perf_counter()
                memory.append(_ended(office.start(file, work / "out.csv", "--restart")))
                rates.append(rows / (time.perf_counter() - began))
            report.values[name] = statistics.median(rates)
            report.samples.append(Samples(BARS[name].name, rates, "1/s", note=f"{rows:,} rows"))
        report.values["agency_memory"] = max(memory)
        report.values["agency_kills"] = float(_kills(office, work, by_cui))
    finally:
        office.server.stop()


def _kills(office: _Office, work: Path, file: Path) -> int:
    """Kills one run ten times, each time a little later, and resumes it; whether its files are then others."""
    _ended(office.start(file, work / "whole.csv", "--restart"))
    avance, out = work / "killed.avance.json", work / "killed.csv"
    chosen = random.Random(9)
    more = "--restart"
    for _ in range(KILLS):
        run = office.start(file, out, more)
        time.sleep(1 + chosen.random())
        run.kill()
        run.communicate()
        if out.exists():  # it was faster than the kill: once more from the beginning
            out.unlink()
        more = "--resume" if avance.exists() else "--restart"
    _ended(office.start(file, out, more))
    ends = ("csv", "rechazos.csv", "homonimos.csv")
    return int(any((work / f"killed.{end}").read_bytes() != (work / f"whole.{end}").read_bytes() for end in ends))
