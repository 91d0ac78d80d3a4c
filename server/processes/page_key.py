"""Secrets of every worker, kept over restarts: page.key of page tokens (core/call/page_token.pxd), hotlist.key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.files.regular_file import read_file
from server.logs import WARNING, log
from server.settings import SettingsError

PAGE_KEY = "page.key"
PAGE_KEY_BYTES = 16  # of SipHash


def load_or_make_page_key(data: Path) -> bytes:
    """The key of page tokens, as `load_or_make_key`: tokens end with one that could not be kept."""
    return load_or_make_key(data / PAGE_KEY, PAGE_KEY_BYTES, "a page key")


def load_or_make_key(path: Path, size: int, what: str) -> bytes:
    """A key of so many bytes, made with mode 0600 when there is none.

    Where it cannot be kept (a full disk), it is of this process: no answer waits for that.
    Raises SettingsError for a file that cannot be read or has another length.
    """
    try:
        if not path.exists():
            _make(path, size)
        key = read_file(path)
    except FileNotFoundError:  # it could not be kept
        return secrets.token_bytes(size)
    except OSError as error:
        raise SettingsError(f"data: cannot read {path}: {error.strerror}") from None
    if len(key) != size:
        rule = f"holds {len(key)} bytes, not the {size} of {what}: it may be another secret, so move it aside"
        raise SettingsError(f"data: {path} {rule}")
    return key


def _make(path: Path, size: int) -> None:
    """Writes the file whole or not at all; of two servers that start at once, one makes it."""
    draft = path.with_name(f".{path.name}-{os.getpid()}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except FileExistsError:
        return
    except OSError as error:
        log("page_key_not_kept", level=WARNING, file=str(path), error=error)
    finally:
        draft.unlink(missing_ok=True)
