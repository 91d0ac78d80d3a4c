"""`ronda login`: an officer signs in at their institution's issuer; the token goes where --identity looks for it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from core.files.replacement import replace_file
from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, say

if TYPE_CHECKING:
    from clients.client.failures import CallFailure
    from clients.client.identity import Identity, Token
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
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own lines add nothing to those here
    from clients.client.failures import CallFailure
    from clients.client.identity import Identity
    from clients.client.sign_in import ISSUER_CA, OfficerSignIn

    device = replace(Identity.beside(identity), server_ca=identity.with_name(ISSUER_CA))
    try:
        sign_in = OfficerSignIn(issuer, identity)
    except OSError as error:
        rule = f"ruta sin terminación de .pem y .key, con {ISSUER_CA} al lado"
        fail(f"No se puede leer {error.filename}: revise --identity ({rule}).", ExitStatus.FILES, False)
    with sign_in:
        try:
            password = _typed("Contraseña")
            if change:
                wanted = _typed("Contraseña nueva", twice=True)
                sign_in.change_password(nip, password, wanted)
                password = wanted
            token = sign_in.login(nip, password)
        except CallFailure as failure:
            _fail(failure, issuer, device)
        target = Path(f"{identity}.token")
        _write(target, token)
        say(f"Sesión iniciada; el token está en {target}.")
        if keep:
            _renew(sign_in, token, target, issuer, device)


def _renew(sign_in: OfficerSignIn, token: Token, target: Path, issuer: str, device: Identity) -> NoReturn:
    """Renews the token until the session is over, or the user ends the command: then the token is removed."""
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
                    _fail(failure, issuer, device)
                waiting.wait(_RETRY_S)
    finally:
        target.unlink(missing_ok=True)
        try:
            sign_in.end()
        except CallFailure:
            say("No se pudo avisar al emisor: la sesión termina sola.", err=True)


def _write(path: Path, token: Token) -> None:
    """Writes a token, whole at every moment, for its owner alone: a reader meanwhile gets the old one or the new."""
    replace_file(path, f"{token.text}\n".encode("ascii"), durable=False)


def _typed(prompt: str, *, twice: bool = False) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt="De nuevo" if twice else False))
    return sys.stdin.readline(256).rstrip("\r\n")


def _fail(failure: CallFailure, issuer: str, device: Identity) -> NoReturn:
    from clients.car.no_answer import told_sign_in
    from clients.officer_view.failures import trouble_of
    from ronda.commands.failures import status_of

    if failure.reason == "PIN_EXPIRED":
        fail("Su contraseña venció, o es provisional: cámbiela con --change.", ExitStatus.TOKEN_EXPIRED, False)
    trouble = trouble_of(failure, issuer, device)
    fail(told_sign_in(failure, issuer, device, trouble), status_of(failure, trouble), False)
