"""The process that the supervisor keeps for hot lists: it makes them, once a list was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.host.kept_process import KeptProcess
from server.host.supervised import GivenProcess, KeptFile
from server.hotlist.orders import WANTED_IN, Orders
from server.hotlist.part import SECRET
from server.hotlist.scraped import HotlistCollector
from server.hotlist.settings import HotlistSettings
from server.settings import GroundSettings, own_settings


def process(given: GivenProcess) -> KeptProcess:
    """Returns the making process."""
    settings = given.settings
    orders = Orders(
        data=settings.data,
        status=given.status,
        entries=own_settings(settings, HotlistSettings).hotlist_entries,
        live=True,
        fed=tuple(sorted(settings.fed_registers)),
        log_level=settings.log_level,
    )
    wanted = settings.data / WANTED_IN
    return KeptProcess("server.hotlist.making_process", orders.model_dump_json(), wanted=wanted.exists)


def files() -> Sequence[KeptFile]:
    """Returns the secret that all keys of lists are derived from."""
    return (KeptFile(SECRET.file, "hotlist_key_made_anew", SECRET.file, secret=True),)


def collector(settings: GroundSettings, status: Path) -> HotlistCollector:
    """Returns the metrics of the lists."""
    return HotlistCollector(status, own_settings(settings, HotlistSettings).hotlist_valid_s)
