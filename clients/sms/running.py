"""The gateway as a program: its parts put together, its counts written, its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvloop
from cryptography import x509

from clients.client.whole_file import read_whole
from clients.sms.asking import Asker, Issuer
from clients.sms.counts import Counts, tell
from clients.sms.gateway import Gateway
from clients.sms.journal import Journal
from clients.sms.outbox import Outbox
from clients.sms.recall_book import RecallBook
from clients.sms.recalling import Recalling
from clients.sms.sessions import Sessions
from clients.sms.transceiver import carry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clients.sms.sessions import Authenticator
    from clients.sms.settings import SmsSettings

_FLUSH_S = 0.02
_WRITE_S = 10.0
_PASSWORD = 8  # characters, SMPP 3.4 section 4.1.1


class SmsSettingsError(Exception):
    """A setting of the gateway is missing or breaks a rule; the text names it."""


def check_settings(settings: SmsSettings) -> None:
    """Raises SmsSettingsError."""
    host, _, port = settings.sms_smsc.rpartition(":")
    if not host or not port.isdecimal():
        raise SmsSettingsError("sms_smsc: must be host:port")
    if not settings.sms_issuer:
        raise SmsSettingsError("sms_issuer: is missing; officers sign in at it")


def run(settings: SmsSettings) -> Counts:
    """Runs until SIGTERM or SIGINT. Raises SmsSettingsError, clients.sms.journal.JournalError, OSError."""
    check_settings(settings)
    gc.freeze()  # what was imported is there for good
    gc.set_threshold(20_000, 20, 20)  # messages make few circles
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_signalled(settings))


async def _until_signalled(settings: SmsSettings) -> Counts:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return await serve(settings, Issuer(settings.sms_issuer, settings.sms_identity, settings.sms_answer_s), stopped)


async def serve(settings: SmsSettings, officers: Authenticator, stopped: asyncio.Event) -> Counts:
    """Runs until `stopped`. Raises SmsSettingsError, clients.sms.journal.JournalError, OSError."""
    password = _password(settings)
    counts, journal = Counts(), Journal(settings.sms_directory)
    asker = Asker(settings.sms_server, settings.sms_identity, settings.sms_lane)
    outbox, sessions = Outbox(settings, journal, counts), Sessions(officers, journal, counts)
    book = RecallBook(settings.sms_directory, journal)
    recalling = Recalling(book, journal, officers, asker.channel, outbox, counts)
    gateway = Gateway(settings, journal, sessions, asker, counts, outbox, recalling)
    tell("started", left_over=gateway.resume())
    _tell_certificate(settings)

    def gauges() -> dict[str, int]:
        return {
            "bound": int(outbox.is_bound),
            "answering": gateway.answering,
            "outbox": len(outbox),
            "sessions": len(sessions),
        }

    tasks = [
        asyncio.create_task(carry(settings, password, gateway, outbox, counts)),
        asyncio.create_task(_keep(settings, journal, gateway)),
        asyncio.create_task(gateway.give_up_late()),
        asyncio.create_task(recalling.run()),
        asyncio.create_task(_write_counts(settings.sms_directory / "ronda_sms.prom", counts, gauges)),
        asyncio.create_task(stopped.wait()),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a full disk ends the program: what cannot be kept is not acknowledged
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await gateway.close()
        await book.close()
        await asker.close()
        await officers.close()
        await journal.close()
        tell("ended", counts=counts.as_dict())
    return counts


def _tell_certificate(settings: SmsSettings) -> None:
    """Logs the gateway's own certificate if it is expired, or not yet valid: servers then close connections
    silently."""
    if settings.sms_identity is None:
        return
    try:
        path = settings.sms_identity.with_name(f"{settings.sms_identity.name}.pem")
        own = x509.load_pem_x509_certificate(read_whole(path))
    except (OSError, ValueError) as error:
        tell("certificate_unreadable", kind=type(error).__name__)
        return
    begins, ends = own.not_valid_before_utc, own.not_valid_after_utc
    if not begins <= datetime.now(UTC) <= ends:
        tell("certificate_not_valid", begins=begins.isoformat(), ends=ends.isoformat())


def _password(settings: SmsSettings) -> str:
    try:
        password = read_whole(settings.sms_password).decode("ascii").strip() if settings.sms_password else ""
    except UnicodeDecodeError:
        raise SmsSettingsError("sms_password: the file must hold ASCII") from None
    if len(password) > _PASSWORD:
        raise SmsSettingsError(f"sms_password: the file must hold {_PASSWORD} characters at most")
    return password


async def _keep(settings: SmsSettings, journal: Journal, gateway: Gateway) -> None:
    """Writes what waits. Raises sqlite3.Error."""
    tidied = time.monotonic()
    while True:
        await asyncio.sleep(_FLUSH_S)
        await gateway.keep()
        await journal.keep()
        if time.monotonic() - tidied > _WRITE_S:
            tidied = time.monotonic()
            journal.drop_seen(time.time() - settings.sms_duplicate_s)


async def _write_counts(path: Path, counts: Counts, gauges: Callable[[], dict[str, int]]) -> None:
    """Writes the counts to the file and, after a change, to the log."""
    told = counts.as_dict()
    while True:
        with contextlib.suppress(OSError):  # counts are no reason to stop
            counts.write(path, gauges())
        if (now := counts.as_dict()) != told:
            tell("counts", counts=now)
            told = now
        await asyncio.sleep(_WRITE_S)
