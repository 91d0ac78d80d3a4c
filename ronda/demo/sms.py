"""`ronda sms --demo`: an operator's SMSC (npm smpp) on loopback, three messages to a server in development mode."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from clients.client.failures import CallFailure
from clients.sms.running import serve
from clients.sms.settings import SmsSettings
from ronda.commands.output import say
from ronda.v1 import token_service_pb2 as tokens

_ROOT = Path(__file__).parents[2]
_SOURCES = Path(__file__).parent / "smsc"
_TELEPHONE, _SHORT_NUMBER = "50255551234", "1110"
_ANSWER_S = 30.0
_SENT = ("123456 8750313310502", "P 2357 11136 0101", "V P323ZZB")


class DemoError(Exception):
    """The obstacle to the demonstration, and its remedy; Spanish."""


class DemoAuthenticator:
    """Stands for an issuer: one PIN for everybody, and no token, which a development server does not ask for."""

    PIN = "123456"
    SESSION_S = 600

    async def exchange(self, request: tokens.ExchangeRequest, _seconds: float) -> tokens.ExchangeResponse:
        """A session of ten minutes for the PIN. Raises CallFailure."""
        if not request.session and request.pin != self.PIN:
            raise CallFailure("UNAUTHENTICATED", "", "SIGN_IN_REFUSED")
        response = tokens.ExchangeResponse(session="demo")
        for field in (response.expires_at, response.session_expires_at):
            field.GetCurrentTime()
            field.seconds += self.SESSION_S
        return response

    async def change_pin(self, request: tokens.ChangePinRequest, _seconds: float) -> None:
        """Refuses a change. Raises CallFailure."""
        raise CallFailure("UNIMPLEMENTED", "", "METHOD_UNKNOWN")

    async def end(self, session: str) -> None:
        """Does nothing: no session is kept."""

    async def close(self) -> None:
        """Does nothing: nothing is open."""


def installed_smsc(directory: Path = _ROOT / "build" / "smsc") -> Path:
    """The directory with npm smpp installed as it is locked. Raises DemoError."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise DemoError("Faltan node y npm. En Debian: sudo apt-get install -y --no-install-recommends nodejs npm")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        _install(directory)
    return directory


def _same(directory: Path, locked: bytes) -> bool:
    found = directory / "package-lock.json"
    return found.is_file() and found.read_bytes() == locked


def _install(directory: Path) -> None:
    locked = (_SOURCES / "package-lock.json").read_bytes()
    if not (directory / "node_modules" / "smpp").is_dir() or not _same(directory, locked):
        directory.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCES / name, directory)
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        try:
            subprocess.run(command, cwd=directory, check=True, timeout=240, capture_output=True)
        except (subprocess.SubprocessError, OSError):
            (directory / "package-lock.json").unlink(missing_ok=True)
            raise DemoError(f"npm no pudo instalar la central de prueba en {directory}: revise su red.") from None
    shutil.copy(_SOURCES / "smsc.js", directory)


def demonstrate(server: str) -> None:
    """Sends three messages and prints what the officer's telephone would show. Raises DemoError."""
    directory = installed_smsc()
    with tempfile.TemporaryDirectory() as queue:
        asyncio.run(_demonstrate(server, directory, Path(queue)))


async def _demonstrate(server: str, directory: Path, queue: Path) -> None:
    smsc = await asyncio.create_subprocess_exec(
        *("node", "smsc.js"), cwd=directory, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert smsc.stdin is not None and smsc.stdout is not None
    stopped = asyncio.Event()
    gateway: asyncio.Task[Any] | None = None
    try:
        port = (await _event(smsc.stdout, "listening"))["port"]
        password = queue / "password"
        password.write_text("secret", encoding="ascii")
        settings = SmsSettings.model_validate(
            {
                "sms_smsc": f"127.0.0.1:{port}",
                "sms_password": password,
                "sms_directory": queue,
                "sms_server": server,
                "sms_answer_s": 10,
            }
        )
        say(f"Central de prueba (npm smpp) en 127.0.0.1:{port}; Ronda en {server}.\n")
        gateway = asyncio.create_task(serve(settings, DemoAuthenticator(), stopped))
        await _event(smsc.stdout, "bound")
        for text in _SENT:
            message = {"source": _TELEPHONE, "destination": _SHORT_NUMBER, "text": text, "source_addr_ton": 1}
            smsc.stdin.write(json.dumps({"deliver": message}).encode() + b"\n")
            answer = await _event(smsc.stdout, "submit")
            say(f"  oficial: {text}\n  Ronda:   {answer['text']}\n")
            if answer["text"].startswith("SIN RESPUESTA"):
                raise DemoError(f"Ronda no respondió en {server}: inicie ./run serve en otra terminal.")
        say("MAS al final: el oficial responde MAS y recibe la parte que sigue (docs/sms-oficial.md).")
    finally:
        stopped.set()
        if gateway is not None:
            await asyncio.gather(gateway, return_exceptions=True)
        smsc.stdin.close()
        await smsc.wait()


async def _event(stdout: asyncio.StreamReader, name: str) -> dict[str, Any]:
    """The next event of that name. Raises DemoError."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            while line := await stdout.readline():
                event: dict[str, Any] = json.loads(line)
                if event["event"] == name:
                    return event
    except TimeoutError:
        pass
    raise DemoError("La central de prueba no respondió.")
