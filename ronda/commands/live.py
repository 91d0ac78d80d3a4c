"""`ronda live`: keeps what serves at the ledger's end, until SIGTERM or SIGINT."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.directory import DataOption, settings_of
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, fail

if TYPE_CHECKING:
    from indexer.live.writer import TickResult

_NOTHING = "nothing serves"
# Most of what a small step costs is the same for one change and for a hundred. So it rests a quarter of what it took:
# half showed a change after 0.38 s in place of 0.30, and left no more to others (`./run bench-live --only visible`, 28
# November 2026, three pairs). A step behind the ledger's end does not rest.
_PAUSE_SHARE, _MOST_PAUSE_S = 0.25, 0.1


def live(
    data: DataOption = None,
    manifests: Annotated[Path | None, typer.Option(help="Directorio de manifiestos; si no, los doce de Ronda.")] = None,
    every_ms: Annotated[int, typer.Option(min=10, max=10_000, help="Cada cuántos milisegundos mira el libro.")] = 50,
) -> None:
    """Aplica los cambios recibidos a lo que se sirve, en menos de un segundo; requiere `ronda index --live`.

    \b
    Ejemplo:
      ronda live --data data
    """
    import signal
    import threading
    import time

    import pyarrow as pa

    from core.errors import CoreError
    from indexer.live.following import Follower, LiveWriterBusy
    from indexer.manifest.loading import ManifestError, load_manifests
    from indexer.pipeline import SHIPPED_MANIFESTS
    from server.host.aside import step_aside
    from server.host.memory import keep_what_is_freed
    from server.logs import ERROR, log, set_up

    settings = settings_of(data=data, manifests=manifests)
    set_up(settings.log_level, process="live")
    keep_what_is_freed()
    step_aside(nice=5)  # of a core that another process wants at all times a quarter: 200 changes a second need as much
    pa.set_cpu_count(1)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    failing = ""
    try:
        directory = settings.manifests or SHIPPED_MANIFESTS
        with Follower(settings.data, load_manifests(directory), directory) as follower:
            base, pause = "", 0.0
            while not stop.wait(max(pause, every_ms / 1000)):
                began = time.monotonic()
                try:
                    result = follower.step()
                except Exception as error:  # workers say STALE meanwhile; what is mended is found by itself
                    if failing != repr(error):
                        why = str(error) if isinstance(error, (CoreError, ManifestError, OSError)) else ""
                        log("live_changes_stand", level=ERROR, why=why, error=error)
                    failing = repr(error)
                    stop.wait(1.0)
                    continue
                pause = 0.0 if follower.behind else min(_MOST_PAUSE_S, _PAUSE_SHARE * (time.monotonic() - began))
                if result is None:
                    if failing != _NOTHING:
                        log("live_writer_waits", why="no generation serves in this data directory yet")
                    failing = _NOTHING
                    continue
                if failing or follower.base_id != base:
                    log(
                        "live_writer_follows",
                        generation=follower.base_id,
                        sequence=follower.sequence,
                        contradicted=result.contradicted,
                    )
                failing, base = "", follower.base_id
                _tell_refused(result)
    except (ManifestError, LiveWriterBusy) as error:
        fail(str(error), EXIT_CALLER, as_json=False)
    except OSError as error:
        fail(f"{settings.data}: {error.strerror}", EXIT_OURS, as_json=False)


def _tell_refused(result: TickResult) -> None:
    """Logs each change that was refused: never what it held."""
    from server.logs import WARNING, log

    for refused in result.refused:
        log(
            "live_change_refused",
            level=WARNING,
            sequence=refused.sequence,
            register=refused.register,
            rule=refused.rule,
        )
