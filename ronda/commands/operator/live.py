"""`ronda live`: keeps what serves at the ledger's end, until SIGTERM or SIGINT."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.directory import settings_of
from ronda.commands.options import DataOption
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, fail

if TYPE_CHECKING:
    from ronda.live.handover import Handover

_OVERLAP_S, _LOOKS = 15.0, 8  # for which two bases are followed, at least; and of each worker at CURRENT


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
    import asyncio

    from indexer.live.following import LiveWriterBusy, only_writer
    from indexer.manifest.loading import SHIPPED_MANIFESTS, ManifestError, load_manifests
    from ronda.live.handover import Handover
    from ronda.live.orders import Orders
    from server.logs import set_up

    settings = settings_of(data=data, manifests=manifests)
    set_up(settings.log_level, process="live")
    directory = settings.manifests or SHIPPED_MANIFESTS

    def orders(base: str) -> str:
        level = settings.log_level
        told = Orders(data=settings.data, base=base, manifests=directory, every_ms=every_ms, log_level=level)
        return told.model_dump_json()

    overlap_s = max(_OVERLAP_S, _LOOKS * settings.generations_poll_ms / 1000)
    try:
        load_manifests(directory)
        with only_writer(settings.data):
            asyncio.run(_until_told(Handover(settings.data, orders, overlap_s)))
    except (ManifestError, LiveWriterBusy) as error:
        fail(str(error), EXIT_CALLER, as_json=False)
    except OSError as error:
        fail(f"{settings.data}: {error.strerror}", EXIT_OURS, as_json=False)


async def _until_told(handover: Handover) -> None:
    """Runs it until SIGTERM or SIGINT."""
    import asyncio
    import signal
    from contextlib import suppress

    work = asyncio.create_task(handover.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with suppress(asyncio.CancelledError):
        await work
