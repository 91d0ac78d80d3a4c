"""The process that the supervisor keeps for confirmations: it writes them, once one was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.calls.said_of_hits import FOLDER
from server.confirmation.orders import Orders
from server.confirmation.scraped import ConfirmationCollector
from server.confirmation.settings import ConfirmationSettings
from server.confirmation.store import FILE
from server.host.kept_process import KeptProcess
from server.host.supervised import GivenProcess, KeptFile
from server.settings import GroundSettings, own_settings


def process(given: GivenProcess) -> KeptProcess:
    """Returns the writer process."""
    settings = given.settings
    orders = Orders(
        data=settings.data,
        socket=given.socket,
        status=given.status,
        shown_s=own_settings(settings, ConfirmationSettings).confirmation_shown_s,
        log_level=settings.log_level,
    )
    folder = settings.data / FOLDER
    return KeptProcess("server.confirmation.writer_process", orders.model_dump_json(), wanted=folder.exists)


def files() -> Sequence[KeptFile]:
    """Returns the database of confirmations."""
    return (KeptFile("confirmations", "confirmations_begun_anew", f"{FOLDER}/{FILE}"),)


def collector(_settings: GroundSettings, status: Path) -> ConfirmationCollector:
    """Returns the metrics of what waits for a desk."""
    return ConfirmationCollector(status)
