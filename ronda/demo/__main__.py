"""`./run serve` after its set-up: a nation, a private PostgreSQL server, an index, a server, and checks to try.

Everything lives in data/. Existing fresh parts are used again; a nation older than a day is made anew, because its
registers would be stale. Nothing is touched before the wishes are known to be possible.

Exit status: 0 stopped on request (Ctrl-C, SIGTERM, a closed terminal) while it served; 128 + the signal's number when
stopped before; 2 a wish that cannot be met (address or directory in use, a directory that cannot be, no such nation); 1
a step or the server failed.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.markup import escape

from core.lane.express import filter_fault
from nation.incidents.making import FOLDER, make_incidents
from nation.limits import MAX_PERSONS, MIN_PERSONS, check_persons, today_in_guatemala
from ronda.demo.checks import checks_to_try
from ronda.demo.directory import Addresses, DemoDirectory, DirectoryRefused
from ronda.demo.page import Page
from ronda.demo.postgres_cluster import PostgresCluster, PostgresUnavailable, free_port
from ronda.demo.programs import StepFailed, finish, last_words, started
from ronda.demo.stopping import Stopped, stop_on_signals
from ronda.settings import load_settings
from server.host.port_guard import PortGuard
from server.settings import Address, SettingsError

PERSONS = 100_000
METRICS = "127.0.0.1:9464"
MAX_PORT = 65535
READY_SECONDS = 60.0
_INCIDENT_SCALE = 0.3

EXIT_FAILED, EXIT_CALLER, EXIT_SIGNAL = 1, 2, 128


def _persons(value: int) -> int:
    try:
        return check_persons(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def serve(
    persons: Annotated[
        int,
        typer.Option(callback=_persons, help=f"Persons of the nation, {MIN_PERSONS:,} to {MAX_PERSONS:,}."),
    ] = PERSONS,
    listen: Annotated[str, typer.Option(help="Address of the server, host:port; loopback only.")] = "127.0.0.1:50051",
    metrics: Annotated[
        str, typer.Option(help=f'Address of the metrics, or "off"; else {METRICS}, or a free port where that is taken.')
    ] = "",
    lane: Annotated[
        str, typer.Option(help='Address of the express lane, or "off"; else the port after --listen, or a free one.')
    ] = "",
    data: Annotated[Path, typer.Option(help="Directory for everything that is made.")] = Path("data"),
    figures: Annotated[
        bool, typer.Option("--figures", help="Also make ten years of incidents, for `ronda statistics`.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option(help="Show the logs on the screen instead of writing them to files.")
    ] = False,
) -> None:
    """Make a nation of invented persons, index it, serve it on this machine, and print checks to try."""
    served = False
    page = Page(verbose=verbose)
    stop_on_signals()
    try:
        directory = DemoDirectory(data.resolve())
        with directory.held(), ExitStack() as running:
            chosen = _free_addresses(listen, metrics, lane)
            cluster = PostgresCluster(directory.cluster)
            if figures:
                _make_figures(page, directory, verbose=verbose)
            server = _start(page, directory, cluster, running, persons, chosen, verbose=verbose)
            served = True
            page.say(checks_to_try(directory, listen))
            metrics_at = "" if chosen.metrics == "off" else f"   Metrics: http://{chosen.metrics}/metrics"
            lane_at = f"   Express lane: {chosen.lane}" if chosen.lane else ""
            log = "above" if verbose else _short(directory.server_log)
            page.say(f"Stop: Ctrl-C   Log: {escape(log)}{metrics_at}{lane_at}\n")
            status = server.wait()
            raise StepFailed(f"the server ended by itself with status {status}{_said(directory, verbose)}")
    except Stopped as stopped:
        page.say("Stopped.")
        raise typer.Exit(0 if served else EXIT_SIGNAL + stopped.number) from None
    except (DirectoryRefused, SettingsError) as error:
        _end(page, str(error), EXIT_CALLER)
    except (StepFailed, PostgresUnavailable) as error:
        _end(page, str(error), EXIT_FAILED)
    except OSError as error:
        _end(page, f"{error.filename or data}: {error.strerror}", EXIT_FAILED)


def _start(
    page: Page,
    directory: DemoDirectory,
    cluster: PostgresCluster,
    running: ExitStack,
    persons: int,
    at: Addresses,
    *,
    verbose: bool,
) -> subprocess.Popen[bytes]:
    """Every step up to a server that answers; `running` ends what they leave running."""
    settings = directory.settings(at)
    log = directory.steps_log
    with page.step("PostgreSQL"):
        running.enter_context(cluster)
    if cluster.made or not (directory.holds("nation", persons) and directory.cases.exists()):
        directory.undone("nation", "index")
        directory.unfed()
        with page.step(f"nation of {persons:,}"):
            wanted = ("--persons", str(persons), "--out", str(directory.nation), "--postgres", cluster.dsn)
            finish("nation", *wanted, log=log, verbose=verbose)
        directory.done("nation", persons)
    directory.write_config(cluster.dsn, at)
    directory.write_changes()
    if not (directory.holds("index", persons) and directory.registers()):
        with page.step("index"):
            # A new demo nation may be smaller than the last one, on purpose.
            accept = [word for register in directory.registers() for word in ("--accept-shrink", register["id"])]
            finish("index", *accept, log=log, verbose=verbose, settings=settings)
        directory.done("index", persons)
    with page.step("server"):
        running.enter_context(started("live", log=directory.live_log, verbose=verbose, settings=settings))
        server = running.enter_context(started("serve", log=directory.server_log, verbose=verbose, settings=settings))
        if not _serves(at.listen, server):
            raise StepFailed(f"the server did not come up{_said(directory, verbose)}")
    return server


def _make_figures(page: Page, directory: DemoDirectory, *, verbose: bool) -> None:
    """The incidents, at a third of a country's, beside the nation, which is made anew without them; and their mart."""
    out = directory.path / "figures"
    if not directory.holds("mart-made", 0):
        with page.step("incidents"):
            make_incidents(out, today_in_guatemala(), scale=_INCIDENT_SCALE)
        with page.step("mart"):
            wanted = ("build", "--data", str(directory.path), "--sources", str(out / FOLDER))
            finish("mart", *wanted, log=directory.steps_log, verbose=verbose)
        directory.done("mart-made", 0)


def _free_addresses(listen: str, metrics: str, lane: str) -> Addresses:
    """All of them free. Raises SettingsError for one that is taken or not allowed."""
    wanted = load_settings(listen=listen, metrics=metrics or METRICS, trust=None, lane_listen="")
    with PortGuard("--listen", wanted.listen_address):
        express = _free_lane(wanted.listen_address, lane)
    if wanted.metrics_address is None:
        return Addresses(listen, "off", express)
    try:
        with PortGuard("--metrics", wanted.metrics_address):
            return Addresses(listen, wanted.metrics, express)
    except SettingsError:
        if metrics:
            raise
        return Addresses(listen, f"127.0.0.1:{free_port()}", express)


def _free_lane(listen: Address, lane: str) -> str:
    """Returns the address of the express lane; "" if it is not wanted, or this system lets no thread filter its
    calls."""
    if lane == "off" or (not lane and filter_fault()):
        return ""
    if lane:
        wanted = load_settings(listen=str(listen), lane_listen=lane, trust=None).lane_address
        assert wanted is not None
        with PortGuard("--lane", wanted):
            return lane
    beside = Address(listen.host, listen.port + 1 if listen.port < MAX_PORT else free_port())
    try:
        with PortGuard("--lane", beside):
            return str(beside)
    except SettingsError:
        return str(Address(listen.host, free_port()))


def _serves(listen: str, server: subprocess.Popen[bytes]) -> bool:
    """Waits until the server answers, ends, or is too late."""
    until = time.monotonic() + READY_SECONDS
    request = health_pb2.HealthCheckRequest(service="ronda.v1.CheckService")
    while time.monotonic() < until and server.poll() is None:
        with grpc.insecure_channel(listen) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=1)
            except grpc.RpcError:
                answer = None
        if answer is not None and answer.status == health_pb2.HealthCheckResponse.SERVING:
            return True
        time.sleep(0.05)
    return False


def _said(directory: DemoDirectory, verbose: bool) -> str:
    if verbose:
        return "; its log is above"
    return f"; the end of {_short(directory.server_log)}:\n{last_words(directory.server_log)}"


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _end(page: Page, text: str, status: int) -> None:
    page.say(f"\n./run serve: {escape(text)}")
    raise typer.Exit(status)


if __name__ == "__main__":
    os.umask(0o077)
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.command()(serve)
    app(prog_name="./run serve")
