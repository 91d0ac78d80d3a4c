"""The common parts of all questions to a server: the context, and the call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clients.client.whole_file import read_whole
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import PurposeWord
from ronda.commands.output import fail, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.client.connection import Connection


@contextmanager
def typed_well(both: str, as_json: bool) -> Iterator[None]:
    """Ends the command with status 2 for an impossible question. both: the text for two subjects at once."""
    from clients.client.questions import BothSubjects, NoDate

    try:
        yield
    except BothSubjects:
        fail(both, ExitStatus.CALLER, as_json)
    except NoDate:
        raise typer.BadParameter("escriba aaaa, mm/aaaa, dd/mm/aaaa o aaaa-mm-dd", param_hint="--born") from None


def context(purpose: PurposeWord, case: str, reason: str = "") -> Any:
    """The frame of a request."""
    from clients.client.connection import request_context
    from ronda.v1.context_pb2 import Purpose

    return request_context(Purpose.Value(f"PURPOSE_{purpose.name}"), case, reason)


_OURS = (
    "RONDA_SERVER",
    "RONDA_IDENTITY",
    "RONDA_ISSUER",
    "RONDA_CONFIG",
    "RONDA_TOKEN",
    "RONDA_AUDITOR_KEY",
    "RONDA_AGENCY_KEY",
    "RONDA_CERTIFICATE_OFFICE",
    "RONDA_CERTIFICATE_TRUST",
)


def warn_of_variables() -> None:
    """Warns about RONDA_* variables that nothing reads: a mistyped RONDA_SERVER would send the question to another
    server."""
    if not any(name.upper().startswith("RONDA_") and name not in _OURS for name in os.environ):
        return
    try:
        from ronda.settings import unknown_variables  # seldom: it takes longer than the question
    except ImportError:  # the client's wheel reads no settings
        return
    for name, near in unknown_variables().items():
        meant = f"; ¿quiso decir {near}?" if near else ""
        say(f"Aviso: {name} no es un ajuste de Ronda y no se toma en cuenta{meant}", err=True)


def call(
    target: str, identity: str, as_json: bool, hints: Callable[[], list[str]], ask: Callable[[Connection], Any]
) -> Any:
    """Asks, or ends the command with the reason in Spanish."""
    import grpc

    from clients.client.connection import CallFailure, Connection, Identity, read_failure

    warn_of_variables()
    shown = Identity.beside(Path(identity)) if identity else None
    try:
        if shown is not None:
            from ronda.commands.failures import fail_of_files

            if isinstance(shown.token, Path):
                read_whole(shown.token)  # else the call itself fails, and says nothing of the file
            fail_of_files(shown, target, as_json)
        connection = Connection(target, shown)
    except OSError as error:
        from ronda.commands.failures import missing_file

        fail(missing_file(str(error.filename)), ExitStatus.FILES, as_json)
    with connection:
        try:
            return ask(connection)
        except (grpc.RpcError, CallFailure) as error:
            from ronda.commands.failures import fail_call

            failure = error if isinstance(error, CallFailure) else read_failure(error)
            fail_call(failure, target, shown, as_json, hints())
