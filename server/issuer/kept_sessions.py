"""Sessions across an ordered restart: sealed at SIGTERM, taken up once by the next start.

Otherwise a planned restart (an upgrade, a setting) would ask every officer for PIN or password, also cars in the middle
of a stop. Only the next issuer can use the file. It is sealed under the pepper, and names the machine's boot (sessions
go by its clock) and the database's sequence. That sequence moves on before the first session is used, so a copy
restored later revives no ended session. A kill leaves no file.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.documents import json_of
from core.files.regular_file import read_file
from server.issuer.pepper import Key, Pepper
from server.issuer.sessions import Session
from server.issuer.store import Store
from server.logs import WARNING, log

_NONCE_BYTES = 12
_USE = "sessions over a restart"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def keep_sessions(path: Path, sessions: list[tuple[bytes, Session]], pepper: Pepper, store: Store) -> None:
    """Writes them, after the last call and the last change. What goes wrong is logged, and officers are asked again."""
    said = [[handle.hex(), {**asdict(each), "subject": each.subject.hex()}] for handle, each in sessions]
    nonce = secrets.token_bytes(_NONCE_BYTES)
    try:
        sealed = _cipher(pepper.newest).encrypt(nonce, json.dumps(said).encode(), _bound_to(store))
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(nonce + sealed)
    except (OSError, sqlite3.Error) as error:
        log("sessions_not_kept", level=WARNING, why=type(error).__name__)
        return
    log("sessions_kept", sessions=len(sessions))


def take_up_sessions(path: Path, pepper: Pepper, store: Store) -> list[tuple[bytes, Session]]:
    """Takes up the sessions in the file of the last end, and removes it; none if there is none. Raises as `change`.

    Sessions that are over by now are detected when they are used.
    """
    about = _bound_to(store)
    with store.change():  # its sequence moves on, file or none: no file of an earlier end ever fits again
        pass
    try:
        content = read_file(path)
        path.unlink()
    except FileNotFoundError:
        return []
    except OSError as error:
        log("sessions_not_taken_up", level=WARNING, why=error.strerror)
        return []
    why = "not of this boot, or the database changed since, or not sealed with a key of the pepper"
    for key in pepper.keys:
        try:
            plain = _cipher(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], about)
            found = [(bytes.fromhex(handle), _session(said)) for handle, said in json_of(plain)]
        except (InvalidTag, ValueError):
            continue
        except (KeyError, TypeError):
            why = "written by another version"
            break
        log("sessions_taken_up", sessions=len(found))
        return found
    log("sessions_not_taken_up", level=WARNING, why=why)
    return []


def _session(said: dict[str, Any]) -> Session:
    return Session(**{**said, "subject": bytes.fromhex(said["subject"])})


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.of(_USE))


def _bound_to(store: Store) -> bytes:
    return f"{_BOOT.read_text('ascii').strip()} {store.state()}".encode()
