"""A run that is interrupted goes on where it was: killed, its server gone for a while, its generation replaced."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from clients.agency.streams import STREAMS
from tests.agency.agency_kit import Agency, Cleared, table, workbook_rows, write
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer, until

ROWS = 120_000
KILLS = 3
BESIDE = ("rechazos", "homonimos")


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory, cuis: list[str]) -> Path:
    """Some rows of every kind, over several blocks."""
    chosen = random.Random(7)
    lines = []
    for number in range(ROWS):
        cui = cuis[chosen.randrange(len(cuis))]
        odd = number % 97
        text = cui if odd else ("2.35E+12", f"{cui[:4]} {cui[4:9]} {cui[9:]}", "", "x")[number // 97 % 4]
        lines.append(f"{number},{text}" if number % 4001 else f'"uno, dos",{text}')
    return write(tmp_path_factory.mktemp("long") / "in.csv", "id,DPI", *lines)


@pytest.fixture
def published(small_nation: BuiltNation, tmp_path: Path) -> Published:
    (tmp_path / "data" / "generations").mkdir(parents=True)
    return Published(tmp_path / "data", small_nation.generation_directory)


@pytest.fixture
def servers(published: Published, tmp_path: Path) -> Iterator[list[RunningServer]]:
    """One over `published`; a test may add others."""
    published.publish()
    started = [RunningServer(published.data, tmp_path / "server.log", workers=1).wait_ready()]
    yield started
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def undisturbed(agency: Agency, tmp_path_factory: pytest.TempPathFactory, long_file: Path) -> Cleared:
    """Yields the results that every run of that file must come to."""
    done = agency.clear(long_file, tmp_path_factory.mktemp("whole") / "whole.csv", "--map", "cui=DPI")
    assert (done.status, len(done.rows)) == (5, ROWS), done.text
    return done


def test_killed_and_resumed_it_is_byte_for_byte_the_undisturbed_run(
    agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared
) -> None:
    chosen = random.Random(11)
    out = tmp_path / "out.csv"
    avance = tmp_path / "out.avance.json"
    more: tuple[str, ...] = ()
    for _ in range(KILLS):
        running = agency.start(long_file, out, "--map", "cui=DPI", *more)
        until(lambda: avance.exists() or running.poll() is not None)  # noqa: B023
        time.sleep(chosen.random() * 0.3)
        running.kill()
        running.communicate()
        more = ("--resume",) if avance.exists() else ("--restart",)
    done = agency.clear(long_file, out, "--map", "cui=DPI", *more)
    assert done.status == 5, done.text
    for ending in ("rechazos.csv", "homonimos.csv"):
        assert done.beside(ending).read_bytes() == undisturbed.beside(ending).read_bytes()
    assert out.read_bytes() == undisturbed.out.read_bytes()
    assert done.summary["resultados"] == undisturbed.summary["resultados"]


@pytest.mark.long
def test_a_workbook_of_a_killed_run_has_the_rows_of_the_undisturbed_one(
    agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared
) -> None:
    """Killed while rows are judged, and while the workbook is made."""
    out = tmp_path / "out.xlsx"
    avance, parts = tmp_path / "out.avance.json", tmp_path / "out.xlsx.tmp.partes"
    for begun, more in ((avance, ()), (parts, ("--resume",))):
        running = agency.start(long_file, out, "--map", "cui=DPI", *more)
        until(lambda: begun.exists() or running.poll() is not None)  # noqa: B023
        running.kill()
        running.communicate()
        assert not out.exists()
    done = agency.clear(long_file, out, "--map", "cui=DPI", "--resume")
    assert done.status == 5, done.text
    for name, other in (("", undisturbed.out), *((each, undisturbed.beside(f"{each}.csv")) for each in BESIDE)):
        book = done.beside(f"{name}.xlsx") if name else out
        rows = [{column: str(cell) for column, cell in row.items()} for row in workbook_rows(book)]
        assert rows == table(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.homonimos.xlsx", "out.rechazos.xlsx", "out.recibo.pdf", "out.resumen.json", "out.xlsx",
    ]  # fmt: skip


def test_ctrl_c_at_a_terminal(agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared) -> None:
    out = tmp_path / "out.csv"
    running = agency.start_at_terminal(long_file, out, "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.press(b"\x03")
    assert running.wait() == 130, running.text
    assert "siga con --resume" in running.text
    assert "Traceback" not in running.text
    assert agency.clear(long_file, out, "--map", "cui=DPI", "--resume").status == 5
    assert out.read_bytes() == undisturbed.out.read_bytes()


def test_standard_input_is_kept_for_a_run_that_goes_on(
    agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared
) -> None:
    out = tmp_path / "out.csv"
    with long_file.open("rb") as typed:
        running = agency.start("-", out, "--map", "cui=DPI", typed=typed)
        until((tmp_path / "out.avance.json").exists)
        running.kill()
        running.communicate()
    assert agency.clear("-", out, "--map", "cui=DPI", "--resume").status == 5
    assert out.read_bytes() == undisturbed.out.read_bytes()


def test_a_disk_that_is_full(agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared) -> None:
    out = tmp_path / "out.csv"
    running = agency.start(long_file, out, "--map", "cui=DPI", inside=("prlimit", "--fsize=3000000"))
    _, said = running.communicate(timeout=60)
    assert (running.returncode, b"No se puede leer o escribir" in said) == (1, True), said.decode()
    assert agency.clear(long_file, out, "--map", "cui=DPI", "--resume").status == 5
    assert out.read_bytes() == undisturbed.out.read_bytes()


def test_another_file_is_not_gone_on_with(agency: Agency, tmp_path: Path, long_file: Path) -> None:
    out = tmp_path / "out.csv"
    running = agency.start(long_file, out, "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.kill()
    running.communicate()
    assert agency.clear(long_file, out, "--map", "cui=DPI").status == 2, "neither --resume nor --restart"
    assert agency.clear(long_file, out, "--map", "cui=DPI", "--resume", "--standard", "police").status == 2
    other = write(tmp_path / "other.csv", "id,DPI", "1,2357111360101")
    assert agency.clear(other, out, "--map", "cui=DPI", "--resume").status == 2
    done = agency.clear(other, out, "--map", "cui=DPI", "--restart")
    assert (done.status, done.summary["filas"]) == (0, 1)


def test_a_change_in_the_middle_of_the_input_is_seen(agency: Agency, tmp_path: Path, long_file: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    data = long_file.read_bytes()
    path.write_bytes(data)
    running = agency.start(path, out, "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.kill()
    running.communicate()
    half = len(data) // 2
    path.write_bytes(data[:half] + (b"1" if data[half : half + 1] != b"1" else b"2") + data[half + 1 :])
    assert agency.clear(path, out, "--map", "cui=DPI", "--resume").status == 2


def test_two_runs_for_one_out(agency: Agency, tmp_path: Path, long_file: Path, undisturbed: Cleared) -> None:
    """--restart does not touch the files of a run that goes on."""
    out = tmp_path / "out.csv"
    running = agency.start(long_file, out, "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.send_signal(signal.SIGSTOP)
    try:
        refused = agency.clear(long_file, out, "--map", "cui=DPI", "--restart")
        assert (refused.status, "Otra corrida" in refused.text) == (2, True), refused.text
    finally:
        running.send_signal(signal.SIGCONT)
    running.communicate(timeout=60)
    assert running.returncode == 5
    assert out.read_bytes() == undisturbed.out.read_bytes()


def test_the_server_is_started_again_while_it_runs(
    servers: list[RunningServer], published: Published, tmp_path: Path, long_file: Path, undisturbed: Cleared
) -> None:
    first = servers[0]
    agency = Agency(first.address)
    running = agency.start(long_file, tmp_path / "out.csv", "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    first.process.kill()
    first.process.wait()
    again = RunningServer(published.data, tmp_path / "again.log", workers=1, listen=first.address)
    servers.append(again.wait_ready())
    _, said = running.communicate(timeout=60)
    assert running.returncode == 5, said.decode()
    assert (tmp_path / "out.csv").read_bytes() == undisturbed.out.read_bytes()


class _Stranger(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """Another program at the server's address: it ends the first calls without an answer, and knows no method after."""

    def __init__(self, ended: int) -> None:
        self.asked, self._ended = 0, ended

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        self.asked += 1
        return grpc.stream_stream_rpc_method_handler(_end) if self.asked <= self._ended else None


def _end(_requests: object, _context: object) -> Iterator[bytes]:
    return iter(())


def test_another_program_answers_while_the_server_is_gone(
    servers: list[RunningServer], published: Published, tmp_path: Path, long_file: Path, undisturbed: Cleared
) -> None:
    """A run that the server has answered waits for it, whatever stands in its place meanwhile."""
    first = servers[0]
    running = Agency(first.address).start(long_file, tmp_path / "out.csv", "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.send_signal(signal.SIGSTOP)
    first.stop()
    stranger = _Stranger(STREAMS)
    with ThreadPoolExecutor(2) as threads:
        program = grpc.server(threads, handlers=[stranger], options=[("grpc.so_reuseport", 0)])
        program.add_insecure_port(first.address)
        program.start()
        running.send_signal(signal.SIGCONT)
        until(lambda: stranger.asked > STREAMS + 4)
        program.stop(0).wait()
    servers.append(RunningServer(published.data, tmp_path / "again.log", workers=1, listen=first.address).wait_ready())
    _, said = running.communicate(timeout=100)
    assert running.returncode == 5, said.decode()
    assert (tmp_path / "out.csv").read_bytes() == undisturbed.out.read_bytes()


def test_a_newer_generation_at_the_end(
    servers: list[RunningServer], published: Published, large_nation: BuiltNation, tmp_path: Path, long_file: Path
) -> None:
    """A row with another result under it is judged again, and listed."""
    agency = Agency(servers[0].address)
    before = agency.clear(long_file, tmp_path / "before.csv", "--map", "cui=DPI")
    running = agency.start(long_file, tmp_path / "out.csv", "--map", "cui=DPI")
    until((tmp_path / "out.avance.json").exists)
    running.send_signal(signal.SIGSTOP)  # it would be faster than the server is with a new generation
    try:
        published.template = large_nation.generation_directory
        newest = published.publish()
        until(lambda: len(servers[0].events("generation_serves")) > 1)
    finally:
        running.send_signal(signal.SIGCONT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 5, said.decode()
    after = agency.clear(long_file, tmp_path / "after.csv", "--map", "cui=DPI")
    assert after.summary["generacion"] == newest
    assert (tmp_path / "out.csv").read_bytes() == after.out.read_bytes()
    summary = json.loads((tmp_path / "out.resumen.json").read_text(encoding="utf-8"))
    assert summary["generaciones"] == [before.summary["generacion"], newest]
    differ = [row["fila"] for row, now in zip(before.rows, after.rows, strict=True) if row != now]
    assert summary["cambiadas"]["filas"] == len(differ) > 0
    assert [row["fila"] for row in summary["cambiadas"]["primeras"]] == differ[:1000]


def test_a_generation_that_is_gone_is_refused(
    published: Published, large_nation: BuiltNation, tmp_path: Path, long_file: Path
) -> None:
    published.publish()
    server = RunningServer(published.data, tmp_path / "server.log", workers=1, page_generation_s=0).wait_ready()
    try:
        agency = Agency(server.address)
        out = tmp_path / "out.csv"
        running = agency.start(long_file, out, "--map", "cui=DPI")
        until((tmp_path / "out.avance.json").exists)
        running.kill()
        running.communicate()
        published.publish()
        until(lambda: len(server.events("generation_serves")) > 1)
        refused = agency.clear(long_file, out, "--map", "cui=DPI", "--resume")
        assert (refused.status, "--restart" in refused.text) == (22, True), refused.text
        assert agency.clear(long_file, out, "--map", "cui=DPI", "--restart").status == 5
    finally:
        server.stop()
