"""Faults in the files of a client's own identity, found without asking anybody."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clients.client.trouble import Trouble
from clients.client.whole_file import read_whole, token_of

if TYPE_CHECKING:
    from clients.client.identity import Identity

_LATELY = timedelta(days=1)
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"


def trouble_of_files(identity: Identity) -> Trouble | None:
    """Returns what is wrong with certificate, key or authority; None = nothing. Raises OSError: one cannot be read."""
    certificate, key = read_whole(identity.certificate), read_whole(identity.key)
    if _KEY in certificate and _CERTIFICATE not in certificate and _CERTIFICATE in key:
        return Trouble.OWN_FILES_EXCHANGED
    if not _is_readable(certificate):
        return Trouble.OWN_CERTIFICATE_IS_NONE
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(identity.certificate, identity.key, _no_password)
    except ssl.SSLError as error:
        other = error.reason == "KEY_VALUES_MISMATCH"
        return Trouble.OWN_KEY_OF_ANOTHER_CERTIFICATE if other else Trouble.OWN_KEY_IS_NONE
    except ValueError:  # it asks for a password
        return Trouble.OWN_KEY_IS_NONE
    if not _is_readable(read_whole(identity.server_ca)):
        return Trouble.IDENTITY_IS_NONE
    if isinstance(identity.token, Path) and not _is_token(identity.token):
        return Trouble.OWN_TOKEN_IS_NONE
    return None if _in_force(certificate) else Trouble.OWN_CERTIFICATE_OUT_OF_DATE


def _is_token(path: Path) -> bool:
    """Returns whether a file may hold a token; True if there is none yet: a later question reports it."""
    try:
        token_of(read_whole(path))
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return True


def _no_password() -> str:
    raise ValueError("the key has a password")


def _is_readable(content: bytes) -> bool:
    """Returns whether it is one certificate in PEM, or several."""
    if _CERTIFICATE not in content:
        return False
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode("latin-1"))
    except ssl.SSLError:
        return False
    return True


def began_lately(identity: Identity) -> bool:
    """Returns whether its certificate began a day ago at most: a clock that is behind takes it for one to come.

    False where the package cryptography is missing. Raises OSError.
    """
    times = _times(read_whole(identity.certificate))
    return times is not None and times[0] > datetime.now(UTC) - _LATELY


def _in_force(certificate: bytes) -> bool:
    """Returns whether it is in force by this machine's clock; True where the package cryptography is missing."""
    times = _times(certificate)
    return times is None or times[0] <= datetime.now(UTC) <= times[1]


def _times(certificate: bytes) -> tuple[datetime, datetime] | None:
    """Returns the times between which it is in force; None if the package cryptography is missing."""
    try:
        from cryptography import x509  # noqa: PLC0415 - the client library works without it
    except ImportError:
        return None
    own = x509.load_pem_x509_certificate(certificate)
    return own.not_valid_before_utc, own.not_valid_after_utc
