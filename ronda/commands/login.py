"""`ronda login`: an officer signs in at her institution's issuer; the token goes where --identity looks for it."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ronda.commands.output import EXIT_CALLER, fail

if TYPE_CHECKING:
    from clients.client.failures import CallFailure
    from clients.client.identity import Token
    from clients.client.sign_in import OfficerSignIn

_BEFORE_S = 60.0  # a token is renewed so long before its end
_RETRY_S = 5.0  # where the issuer is not reached


def login(
    nip: Annotated[str, typer.Option(help="NIP del oficial.")],
    identity: Annotated[
        Path,
        typer.Option(help="Ruta sin terminación de .pem y .key del equipo, con issuer-ca.pem al lado; escribe .token."),
    ],
    issuer: Annotated[str, typer.Option(help="Dirección del emisor, anfitrión:puerto.")] = "localhost:50071",
    keep: Annotated[
        bool, typer.Option("--keep", help="Sigue aquí y renueva el token hasta Ctrl-C o el fin del turno.")
    ] = False,
    change: Annotated[
        bool, typer.Option("--change", help="Antes cambia la contraseña, también una provisional.")
    ] = False,
) -> None:
    """Inicia sesión con NIP y contraseña; la pide sin mostrarla, o la lee de la entrada estándar.

    \b
    Ejemplo:
      ronda login --issuer emisor.pnc.gob.gt:50071 --identity patrulla --nip 10001 --keep
    """
    from clients.client.failures import CallFailure
    from clients.client.sign_in import OfficerSignIn

    try:
        sign_in = OfficerSignIn(issuer, identity)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", EXIT_CALLER, False)
    with sign_in:
        try:
            password = _typed("Contraseña")
            if change:
                wanted = _typed("Contraseña nueva", twice=True)
                sign_in.change_password(nip, password, wanted)
                password = wanted
            token = sign_in.login(nip, password)
        except CallFailure as failure:
            _fail(failure, issuer)
        target = Path(f"{identity}.token")
        _write(target, token)
        typer.echo(f"Sesión iniciada; el token está en {target}.")
        if keep:
            _renew(sign_in, token, target, issuer)


def _renew(sign_in: OfficerSignIn, token: Token, target: Path, issuer: str) -> NoReturn:
    """Until the session is over, or somebody ends the command: then the token is taken away."""
    from clients.client.failures import CallFailure

    waiting = threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            waiting.wait(max(1.0, token.expires_at - time.time() - _BEFORE_S))
            try:
                token = sign_in.token()
                _write(target, token)
            except CallFailure as failure:
                if not failure.retryable and failure.status != "DEADLINE_EXCEEDED":
                    _fail(failure, issuer)
                waiting.wait(_RETRY_S)
    finally:
        target.unlink(missing_ok=True)
        try:
            sign_in.end()
        except CallFailure:
            typer.echo("No se pudo avisar al emisor: la sesión termina sola.", err=True)


def _write(path: Path, token: Token) -> None:
    """Whole at every moment, for its owner alone: whoever reads it meanwhile has the old one or the new."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token.text + "\n")
    fresh.rename(path)


def _typed(prompt: str, *, twice: bool = False) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt="De nuevo" if twice else False))
    return sys.stdin.readline(256).rstrip("\r\n")


def _fail(failure: CallFailure, issuer: str) -> NoReturn:
    from ronda.commands.exit_status import ExitStatus
    from ronda.commands.failures import REASONS

    seconds = failure.retry_after_seconds
    if failure.reason == "LIMIT_EXCEEDED":
        minutes = f"{(seconds or 0) / 60 + 0.5:.0f} min"
        fail(f"Demasiados intentos fallidos: espere {minutes}, o avise a su institución.", ExitStatus.BUSY, False)
    if failure.reason in REASONS:
        status, said = REASONS[failure.reason]
        fail(said.replace("{seconds}", f" en {seconds:.0f} s" if seconds is not None else " más tarde"), status, False)
    if failure.violations:
        from clients.spanish.failures import said_of_sign_in

        fail("; ".join(said_of_sign_in(each.field, each.rule) for each in failure.violations), EXIT_CALLER, False)
    fail(f"No hay emisor en {issuer}, o no acepta este equipo ({failure.status}).", ExitStatus.NO_SERVER, False)
