"""`ronda serve`: what a server needs before its supervisor runs, held until that ends."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from types import MappingProxyType

from server import logs
from server.audit.set_up import prepare_audit
from server.host.port_guard import PortGuard
from server.host.supervised import Program
from server.logs import ERROR, WARNING, log, printable
from server.parts import PARTS
from server.processes.handover import Predecessor
from server.processes.messages import EXIT_SETTINGS
from server.processes.page_key import load_or_make_page_key
from server.processes.scrape import Scrape
from server.processes.served_parts import ServedParts
from server.processes.settings import ServerSettings
from server.processes.start_checks import check_files_of, check_process
from server.processes.supervisor import Ready, Supervisor
from server.settings import Address, SettingsError
from server.trust.counting import limits_of


def serve(
    settings: ServerSettings,
    on_ready: Callable[[Ready], None] | None = None,
    programs: Mapping[str, Program] = MappingProxyType({}),
) -> int:
    """Serves until SIGTERM, SIGINT or SIGHUP, or until another took its place; returns the exit status of the process.

    `on_ready` is called once, when every worker answered a health check; by default it prints a line for people.
    `programs` run in place of services' own processes, by the name of the service: a composer may give one that knows
    manifests. A setting that does not work (an address in use, an unreadable certificate) is reported on standard
    error, with status 78. Log lines go to standard error as JSON.
    """
    logs.set_up(settings.log_level, process="supervisor", pid=os.getpid())
    is_successor = Predecessor.is_told_of()
    try:
        predecessor = Predecessor.of_this_process()
        check_process(settings)
        check_files_of(settings)
        prepare_audit(settings, settings.development)
        served = ServedParts(settings)
        served.tell_of_lost()
        if not settings.development:
            limits_of(settings, spent=served.has_served)
        page_key = load_or_make_page_key(settings.data)
        with (
            PortGuard("listen", settings.listen_address, predecessor.estate.ports) as guard,
            _guard("lane_listen", settings.lane_address, predecessor) as lane_guard,
            _guard("metrics", settings.metrics_address, predecessor) as scrape_guard,
            _runtime_directory(settings.data) as runtime,
            ExitStack() as own_guards,
        ):
            own = {
                part.name: own_guards.enter_context(PortGuard(part.own_address, address, predecessor.estate.ports))
                for part in PARTS
                if (address := settings.own_addresses.get(part.name)) is not None
            }
            (Path(runtime) / "metrics").mkdir()
            guards = (guard, lane_guard, *own.values(), scrape_guard)
            supervisor = Supervisor(
                settings,
                guard.address,
                lane_guard.address if lane_guard is not None else None,
                {name: each.address for name, each in own.items()},
                Path(runtime),
                page_key,
                on_ready or print_ready,
                programs,
                predecessor,
                {each.name: each.descriptor for each in guards if each is not None},
            )
            scraped = scrape_guard.address if scrape_guard is not None else None
            with Scrape(settings, scraped, supervisor, Path(runtime) / "metrics") as scrape:
                if predecessor.is_there:
                    supervisor.on_alone = scrape.take_over
                else:
                    scrape.start()
                supervisor.on_left = scrape.leave
                return asyncio.run(supervisor.run())
    except SettingsError as error:
        log("settings_do_not_work", level=ERROR, why=str(error))
        if not is_successor:  # nobody reads it beside the JSON lines of the server before
            sys.stderr.write(printable(f"ronda serve: {error}\n"))
        return EXIT_SETTINGS


def _guard(setting: str, wanted: Address | None, predecessor: Predecessor) -> AbstractContextManager[PortGuard | None]:
    return PortGuard(setting, wanted, predecessor.estate.ports) if wanted is not None else nullcontext()


def _runtime_directory(data: Path) -> tempfile.TemporaryDirectory[str]:
    """Returns a directory for the workers' sockets and metrics: in TMPDIR, else on a disk with room. Raises
    SettingsError."""
    for base in (None, Path("/dev/shm"), data):  # noqa: S108 (a directory of our own is made in it)
        try:
            return tempfile.TemporaryDirectory(prefix="ronda-", dir=base)
        except OSError as error:
            log("no_room_for_sockets", level=WARNING, place=str(base or os.environ.get("TMPDIR", "")), error=error)
    raise SettingsError("TMPDIR: no room for the workers' sockets there, in /dev/shm and in the data directory")


def print_ready(ready: Ready) -> None:
    """Prints one line for people on standard output."""
    what = f"generation {ready.generation}" if ready.generation else "no generation yet (NOT_SERVING)"
    if ready.refused:
        what += f"; refused {ready.refused}"
    mode = " [DEVELOPMENT MODE: no caller is checked, everybody on this machine sees everything]"
    lane = f", express lane on {ready.lane}" if ready.lane is not None else ""
    lane += "".join(f", {name} on {address}" for name, address in ready.own.items())
    sys.stdout.write(
        f"ronda: ready on {ready.address}{lane}, {ready.workers} worker(s), {what}{mode if ready.development else ''}\n"
    )
    sys.stdout.flush()
