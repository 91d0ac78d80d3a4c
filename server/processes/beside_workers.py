"""What the supervisor keeps running beside the workers: who makes hot lists, writes confirmations, finds recalls."""

from __future__ import annotations

from pathlib import Path

from server.audit.set_up import audit_directory
from server.calls.said_of_hits import FOLDER as CONFIRMATIONS
from server.confirmation.orders import STATUS as CONFIRMATION_STATUS
from server.confirmation.orders import Orders as ConfirmationOrders
from server.host.kept_process import KeptProcess
from server.hotlist.orders import STATUS as HOTLIST_STATUS
from server.hotlist.orders import WANTED_IN
from server.hotlist.orders import Orders as HotlistOrders
from server.processes.settings import ServerSettings
from server.recall.orders import STATUS as RECALL_STATUS
from server.recall.orders import Orders as RecallOrders


def kept_processes(settings: ServerSettings, confirmation_socket: Path, recall_socket: Path) -> list[KeptProcess]:
    """The processes, by the sockets on which workers ask them."""
    return [*_asked_for(settings, confirmation_socket), *_recall_process(settings, recall_socket)]


def _asked_for(settings: ServerSettings, confirmation_socket: Path) -> list[KeptProcess]:
    """What makes hot lists and what writes confirmations: each begins once somebody has asked for one."""
    lists = HotlistOrders(
        data=settings.data,
        status=confirmation_socket.with_name(HOTLIST_STATUS),
        entries=settings.hotlist_entries,
        live=True,
        fed=tuple({register for source in settings.feed_sources.values() for register in source.registers}),
        log_level=settings.log_level,
    )
    confirmations = ConfirmationOrders(
        data=settings.data,
        socket=confirmation_socket,
        status=confirmation_socket.with_name(CONFIRMATION_STATUS),
        shown_s=settings.confirmation_shown_s,
        log_level=settings.log_level,
    )
    wanted, folder = settings.data / WANTED_IN, settings.data / CONFIRMATIONS
    return [
        KeptProcess("server.hotlist.making_process", lists.model_dump_json(), wanted=wanted.exists),
        KeptProcess("server.confirmation.writer_process", confirmations.model_dump_json(), wanted=folder.exists),
    ]


def _recall_process(settings: ServerSettings, socket: Path) -> list[KeptProcess]:
    """What finds whom a change of an alert concerns: none where nobody is ever told."""
    if not settings.recall_days:
        return []
    orders = RecallOrders(
        data=settings.data,
        audit=audit_directory(settings),
        socket=socket,
        status=socket.with_name(RECALL_STATUS),
        days=settings.recall_days,
        log_level=settings.log_level,
    )
    return [KeptProcess("server.recall.recall_process", orders.model_dump_json())]
