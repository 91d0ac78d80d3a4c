"""A real Spark, with executors of their own processes: `./run spark-check`, not of the ordinary suite.

What comes out is held against a real server's answers to the same file, byte for byte.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from bench.clients.agency import _people
from bench.sampling import draw
from core.access.caller import METHOD_OF_CLEAR
from core.audit.rows import QUESTION_ROW, query_rows
from ronda.commands.exit_status import ExitStatus
from server.audit.reading import Segment
from server.audit.segments import list_segments
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import ROOT, RunningServer
from tests.spark.spark_kit import Office

_ENDS = ("csv", "rechazos.csv", "homonimos.csv")
_ROWS = 60_000
pytestmark = pytest.mark.timeout(900)
_EXECUTOR = "CoarseGrainedExecutorBackend"
_CLUSTER = "local-cluster[2,1,1024]"


@dataclass
class Bench:
    """An office, a file of everybody in every form, and what a server says of it."""

    office: Office
    file: Path
    directory: Path

    def command(self, out: str, *more: str, master: str = "") -> subprocess.Popen[bytes]:
        spark = ["--engine", "spark", "--master", master, "--data", str(self.office.published.data)]
        spark += ["--trust", str(self.office.kit.trust), "--spool", str(self.directory / "spool")]
        given = [str(self.file), "--out", str(self.directory / f"{out}.csv"), "--standard", "wanted"]
        given += ["--identity", str(self.office.identity), "--yes", *(spark if master else ()), *more]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        return subprocess.Popen(
            [sys.executable, "-m", "ronda.command", "clear", *given],
            cwd=ROOT,
            env={**variables, **self.office.environment, "SPARK_CONF_DIR": str(self.directory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def ends(self, run: subprocess.Popen[bytes], *statuses: ExitStatus) -> str:
        said = run.communicate(timeout=800)[0].decode()
        assert run.returncode in statuses, said
        assert "Traceback" not in said, said
        return said

    def written(self, out: str) -> list[bytes]:
        return [(self.directory / f"{out}.{end}").read_bytes() for end in _ENDS]

    def summary(self, out: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.directory / f"{out}.resumen.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def bench(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp("spark")
    office = Office.make(directory, small_nation.generation_directory)
    limits = office.kit.trust / "limits.toml"
    text = limits.read_text(encoding="utf-8")
    limits.write_text(text.replace("burst = 1000000 }", "burst = 2000000 }"), encoding="utf-8")
    cuis = draw(small_nation.generation_directory, 300, seed=5)[0]
    people = _people(small_nation.generation_directory, cuis)
    file = directory / "in.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["DPI", "nombre completo", "fecha de nacimiento"])
        for place in range(_ROWS):
            name, born = people[place % len(people)]
            match place % 4:
                case 0:
                    writer.writerow([cuis[place % len(cuis)], "", ""])
                case 1:
                    writer.writerow(["", name, born])
                case 2:
                    writer.writerow([cuis[place % len(cuis)], name, ""])
                case _:
                    writer.writerow(["" if place % 16 == 3 else "1234567890101", f"=cmd {place}", born])
    # A JVM that lives for seconds is quicker with the first compiler alone.
    short = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    (directory / "spark-defaults.conf").write_text(
        f"spark.driver.extraJavaOptions {short}\nspark.executor.extraJavaOptions {short}\n", encoding="ascii"
    )
    bench = Bench(office, file, directory)
    server = RunningServer(
        office.published.data, directory / "server.log", **office.kit.settings, audit=directory / "server-audit"
    ).wait_ready()
    bench.ends(
        bench.command("direct", "--server", f"localhost:{server.address.rpartition(':')[2]}"), ExitStatus.SOME_INVALID
    )
    server.stop()
    yield bench


@pytest.fixture(autouse=True)
def signed_in(bench: Bench) -> None:
    bench.office.sign_in()


def look_ups(bench: Bench) -> int:
    """Batches of Clear that were answered, of the whole joined log, as an auditor counts them."""
    found = 0
    for each in list_segments(bench.directory / "audit"):
        segment = Segment(each, each.path(bench.directory / "audit").read_bytes())
        rows = np.frombuffer(query_rows(segment.data, segment.end, set())[0], np.dtype(QUESTION_ROW))
        found += int((rows["method"] == METHOD_OF_CLEAR).sum())
    return found


def test_local_comes_to_the_same_as_a_server(bench: Bench) -> None:
    bench.ends(bench.command("local", master="local[2]"), ExitStatus.SOME_INVALID)
    assert bench.written("local") == bench.written("direct")
    said, direct = bench.summary("local"), bench.summary("direct")
    for what in ("filas", "resultados", "reglas", "generacion", "entrada", "norma"):
        assert said[what] == direct[what], what
    assert said["quien"]["certificado"].endswith("/device/lot-1")
    asked = said["filas"] - sum(many for rule, many in said["resultados"].items() if rule == "nothing")
    assert said["auditoria"]["lotes"] >= asked // 2000
    verdict = bench.office.verdict()
    assert (verdict.problems, verdict.unchecked) == ([], [])
    assert look_ups(bench) == said["auditoria"]["lotes"]
    assert not list((bench.directory / "spool").glob("*/logs/*"))


def test_an_executor_that_is_killed_changes_nothing(bench: Bench) -> None:
    before = look_ups(bench)
    run = bench.command("killed", master=_CLUSTER)
    killed = _kill_one_at_work(run, bench.directory / "spool")
    bench.ends(run, ExitStatus.SOME_INVALID)
    assert killed
    assert bench.written("killed") == bench.written("direct")
    told = bench.summary("killed")["auditoria"]
    assert told["segmentos_de_intentos_perdidos"] >= 1, "what the killed one looked up did happen"
    verdict = bench.office.verdict()
    assert (verdict.problems, verdict.unchecked) == ([], [])
    assert look_ups(bench) - before == told["lotes"]


def _kill_one_at_work(run: subprocess.Popen[bytes], spool: Path) -> bool:
    """Kills the executor while its Python writes a segment."""
    while run.poll() is None:
        for child in psutil.Process(run.pid).children(recursive=True):
            try:
                if any(".seg" in file.path and str(spool) in file.path for file in child.open_files()):
                    next(each for each in child.parents() if _EXECUTOR in " ".join(each.cmdline())).kill()
                    return True
            except (psutil.Error, StopIteration):
                continue
        time.sleep(0.01)
    return False


def test_a_driver_that_is_killed_is_resumed(bench: Bench) -> None:
    run = bench.command("resumed", master="local[2]")
    advance = bench.directory / "resumed.avance.json"
    while run.poll() is None and not (
        advance.exists() and any(each["rows"] for each in json.loads(advance.read_text(encoding="utf-8"))["passes"])
    ):
        time.sleep(0.05)
    run.kill()
    run.communicate()
    bench.ends(bench.command("resumed", "--resume", master="local[2]"), ExitStatus.SOME_INVALID)
    assert bench.written("resumed") == bench.written("direct")
    assert bench.office.verdict().problems == []


def test_without_certificate_token_or_generation_no_row_leaves(bench: Bench) -> None:
    office = bench.office
    office.identity.with_suffix(".pem").unlink()
    said = bench.ends(bench.command("none", master=_CLUSTER), ExitStatus.FILES)
    assert "lot.pem" in said
    office.sign_in(iat=1_700_000_000, nbf=1_700_000_000, exp=1_700_000_900)
    bench.ends(bench.command("none", "--restart", master="local[1]"), ExitStatus.TOKEN_EXPIRED)
    office.sign_in()
    manifest = office.published.data / "generations" / office.generation / "MANIFEST.json"
    other = office.published.publish()  # published here, and not copied to the executors yet
    for path in (office.published.data / "generations" / other).iterdir():
        if path.name != manifest.name:
            path.unlink()
    said = bench.ends(bench.command("none", "--restart", master="local[1]"), ExitStatus.GONE)
    office.published.point(office.generation)
    assert not (bench.directory / "none.csv").exists()
    assert office.verdict().problems == []
