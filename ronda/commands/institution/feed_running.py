"""Runs the programs of `ronda feed`: once, or continuously through temporary failures."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clients.client.whole_file import read_whole
from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, say
from ronda.commands.question import call, warn_of_variables

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from clients.client.failures import CallFailure
    from clients.client.identity import Identity
    from clients.feed.retrying import Retry

_TOLD_BEFORE = timedelta(days=30)
_TOLD_EVERY_S = 86_400.0
_told_until = [0.0]  # monotonic seconds before which the certificate's end is not reported again
_NO_SOURCE = "Este servidor no tiene una fuente de cambios para su institución: pídala a operaciones (feed_sources)"


class Work(NamedTuple):
    """One program's work."""

    step: Callable[[], bool]  # sends what is there; whether there was anything
    issued: Callable[[], Mapping[str, int] | None]  # last number by register; None = something waits
    seen: Callable[[Mapping[str, Any]], None] = lambda _positions: None  # hears how far the server is
    unsettled: Callable[[], Sequence[str]] = lambda: ()  # what was received and is in no ledger
    end: Callable[[], None] = lambda: None


Begin = Callable[["Connection", Callable[[], Any], str], Work]
"""Makes the work for a connection, frame and source."""


def say_notice(line: str) -> None:
    """Tells a line on standard error."""
    say(f"Aviso: {line}", err=True)


def read_numbers(texts: Iterable[str] | None, option: str) -> list[tuple[str, int]]:
    """Reads REGISTER=NUMBER; another form ends the command."""
    found = []
    for text in texts or ():
        match = re.fullmatch(r"(.{1,40})=(\d{1,10})", text)
        if match is None or not int(match[2]):
            fail(f"{option}: escriba registro=número, por ejemplo oj=4.", ExitStatus.CALLER, False)
        found.append((match[1], int(match[2])))
    return found


def ask_status(connection: Connection, frame: Callable[[], Any], deadline: float) -> Any:
    """Asks how the feed of the caller's institution stands. Raises grpc.RpcError."""
    from ronda.v1 import feed_service_pb2 as contract

    return connection.feed.Status(contract.StatusRequest(context=frame()), timeout=deadline)


def only_source(connection: Connection, frame: Callable[[], Any], as_json: bool) -> str:
    """Returns the one source of the caller's institution; else the command ends and says which there are."""
    name = _source_if_any(connection, frame, as_json)
    if not name:
        fail(f"{_NO_SOURCE}.", ExitStatus.FORBIDDEN, as_json)
    return name


def _source_if_any(connection: Connection, frame: Callable[[], Any], as_json: bool) -> str:
    """Returns "" where the server has none; of several the command ends."""
    names = sorted({str(each.source) for each in ask_status(connection, frame, 10.0).positions})
    if len(names) > 1:
        fail(f"Su institución tiene varias fuentes: indique --source ({', '.join(names)}).", ExitStatus.CALLER, as_json)
    return names[0] if names else ""


def run(
    begin: Begin,
    source: str,
    heartbeat: float,
    poll: float,
    once: bool,
    frame: Callable[[], Any],
    server: str,
    identity: str,
) -> None:
    """Sends what there is (once), or goes on until nothing can be done by waiting. Ends the command with the reason."""
    from clients.feed.issued import HistoriesDiffer, SourceFailed

    def sent_once(connection: Connection) -> None:
        if identity:
            warn_of_end(Path(f"{identity}.pem"))
        work = begin(connection, frame, source or only_source(connection, frame, False))
        try:
            while work.step():
                pass
        finally:
            work.end()

    try:
        if once:
            call(server, identity, False, list, sent_once)
        else:
            _go_on(begin, source, heartbeat, poll, frame, server, identity)
    except HistoriesDiffer as differ:
        fail(f"{_begin_sentence(differ.rule)}.", ExitStatus.HISTORIES_DIFFER, False)
    except SourceFailed as failed:
        fail(f"{_begin_sentence(failed.rule)}.", ExitStatus.OURS if failed.passes else ExitStatus.CALLER, False)
    except OSError as error:
        fail(f"No se puede usar {error.filename}: {system_error_text(error)}.", ExitStatus.CALLER, False)


def _begin_sentence(rule: str) -> str:
    """Begins with a capital, but for the id of a register or a file's name."""
    return rule if re.match(r"[\w.-]+[ :]\d|\S+[.:]", rule) else f"{rule[:1].upper()}{rule[1:]}"


def _go_on(
    begin: Begin, source: str, heartbeat: float, poll: float, frame: Callable[[], Any], server: str, identity: str
) -> None:
    """Connects anew after each failure, and reads the identity's files for each try.

    Raises SourceFailed, OSError; a call that is refused for what it asks ends the command.
    """
    import grpc

    from clients.client.failures import CallFailure, read_failure
    from clients.feed.retrying import Retry, may_pass
    from ronda.commands.failures import fail_call

    warn_of_variables()
    retry = Retry(say_notice)
    begun = False

    def sending(connection: Connection) -> None:
        nonlocal begun
        name = source or _source_if_any(connection, frame, False)
        begun = True
        if name:
            certificate = Path(f"{identity}.pem") if identity else None
            _send_on(begin, connection, frame, name, heartbeat, poll, retry, certificate)
        retry.wait(_NO_SOURCE)

    while True:
        shown = _identity(identity, retry if begun else None)
        if shown is None and identity:
            continue
        try:
            _with_connection(server, shown, sending)
        except (grpc.RpcError, CallFailure) as error:
            begun = True
            failure = error if isinstance(error, CallFailure) else read_failure(error)
            if not may_pass(failure):
                fail_call(failure, server, shown, False, [])
            retry.wait(f"{failure.status} {failure.reason}", partial(_told, failure, server, shown))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            retry.wait(f"{error.filename}: {system_error_text(error)}")  # somebody makes room


def _told(failure: CallFailure, server: str, shown: Identity | None) -> str:
    from clients.officer_view.failures import failure_text, trouble_of

    said = failure_text(failure, server, trouble_of(failure, server, shown), [])
    return f"el servidor no recibe ({failure.status} {failure.reason}): {said}"


def _identity(identity: str, retry: Retry | None) -> Identity | None:
    """Reads the names of the identity's files; None = one cannot be read now, and a pause was made.

    retry: None = the program has just begun, and ends with the file's name.
    """
    from clients.client.identity import Identity
    from ronda.commands.failures import missing_file

    if not identity:
        return None
    shown = Identity.beside(Path(identity))
    try:
        shown.credentials()
        if isinstance(shown.token, Path):
            read_whole(shown.token)
        warn_of_end(shown.certificate)
    except OSError as error:
        if retry is None:
            fail(missing_file(str(error.filename)), ExitStatus.FILES, False)
        retry.wait(missing_file(str(error.filename)))
        return None
    return shown


def warn_of_end(certificate: Path) -> None:
    """Tells once a day that a machine's certificate ends within 30 days: nobody signs in who would notice."""
    from cryptography import x509

    from clients.officer_view.words import GUATEMALA

    try:
        end = x509.load_pem_x509_certificate(read_whole(certificate)).not_valid_after_utc
    except ValueError:
        return
    left = end - datetime.now(UTC)
    if left < _TOLD_BEFORE and time.monotonic() >= _told_until[0]:
        _told_until[0] = time.monotonic() + _TOLD_EVERY_S
        say_notice(
            f"el certificado {certificate} termina el {end.astimezone(GUATEMALA):%d/%m/%Y %H:%M}, hora de Guatemala "
            f"(en {max(0, left.days)} días), "
            f"y entonces no se envía nada más: ponga uno nuevo en su lugar"
        )


def _with_connection(server: str, shown: Identity | None, ask: Callable[[Connection], None]) -> None:
    from clients.client.connection import Connection

    with Connection(server, shown) as connection:
        ask(connection)


def _send_on(
    begin: Begin,
    connection: Connection,
    frame: Callable[[], Any],
    name: str,
    heartbeat: float,
    poll: float,
    retry: Retry,
    certificate: Path | None,
) -> None:
    """Raises CallFailure, SourceFailed, OSError."""
    from clients.feed.retrying import keep_on
    from clients.feed.sending import Heartbeats

    work = begin(connection, frame, name)

    def seen(positions: Mapping[str, Any]) -> None:
        work.seen(positions)
        if certificate is not None:
            with suppress(OSError):  # reported when it is read for the next connection
                warn_of_end(certificate)

    try:
        beats = None
        if heartbeat:
            beats = Heartbeats(connection.feed, frame, name, heartbeat, work.issued, say_notice, seen, work.unsettled)
        keep_on(work.step, beats, poll, retry)
    finally:
        work.end()
