"""The process that the supervisor keeps for recalls: it finds them, if `recall_days` is set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.audit.set_up import audit_directory
from server.audit.settings import AuditSettings
from server.host.kept_process import KeptProcess
from server.host.supervised import GivenProcess, KeptFile
from server.recall.orders import FOLDER, Orders
from server.recall.scraped import RecallCollector
from server.recall.store import FILE
from server.settings import GroundSettings, own_settings


def process(given: GivenProcess) -> KeptProcess | None:
    """Returns the recall process; None where no officer is ever recalled."""
    settings = own_settings(given.settings, AuditSettings)
    if not settings.recall_days:
        return None
    orders = Orders(
        data=settings.data,
        audit=audit_directory(settings),
        socket=given.socket,
        status=given.status,
        days=settings.recall_days,
        log_level=settings.log_level,
    )
    return KeptProcess("server.recall.recall_process", orders.model_dump_json())


def files() -> Sequence[KeptFile]:
    """Returns the database of recalls."""
    return (KeptFile("recall", "recall_begun_anew", f"{FOLDER}/{FILE}"),)


def collector(_settings: GroundSettings, status: Path) -> RecallCollector:
    """Returns the metrics of how far recall is."""
    return RecallCollector(status)
