"""Why a server cannot be reached: gRPC calls all of it UNAVAILABLE, so the connection is tried once more without it."""

from __future__ import annotations

import socket
import ssl
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.client.connection import Identity

_SECONDS = 2.0  # each for connecting and for the handshake
_EXPIRED = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)
_OTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class Trouble(Enum):
    """What stands between a client and a server."""

    NOT_REACHED = auto()
    ANOTHER_PROGRAM = auto()
    SERVER_SPEAKS_TLS = auto()
    SERVER_SPEAKS_PLAINTEXT = auto()
    CERTIFICATE_OF_ANOTHER_CA = auto()
    CERTIFICATE_OUT_OF_DATE = auto()
    CERTIFICATE_OF_ANOTHER_NAME = auto()
    IDENTITY_IS_NONE = auto()
    UNKNOWN = auto()


def diagnose(target: str, identity: Identity | None) -> Trouble:
    """Connects as the client did, with TLS or to see whether TLS is what the server wants. `target`: "host:port"."""
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal():
        return Trouble.NOT_REACHED
    if identity is None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname = False  # only asked whether it is TLS; nothing is sent
        tls.verify_mode = ssl.CERT_NONE
    else:
        try:
            tls = ssl.create_default_context(cafile=str(identity.server_ca))
        except ssl.SSLError:  # empty, or no certificate
            return Trouble.IDENTITY_IS_NONE
    try:
        with socket.create_connection((host, int(port)), _SECONDS) as plain:
            return _shake_hands(plain, tls, host, asked=identity is not None)
    except OSError:
        return Trouble.NOT_REACHED


def _shake_hands(plain: socket.socket, tls: ssl.SSLContext, host: str, *, asked: bool) -> Trouble:
    try:
        with tls.wrap_socket(plain, server_hostname=host):
            return Trouble.UNKNOWN if asked else Trouble.SERVER_SPEAKS_TLS
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _EXPIRED:
            return Trouble.CERTIFICATE_OUT_OF_DATE
        return (
            Trouble.CERTIFICATE_OF_ANOTHER_NAME
            if error.verify_code in _OTHER_NAME
            else Trouble.CERTIFICATE_OF_ANOTHER_CA
        )
    except OSError:  # no TLS in what came back, or the connection ended: SSLError is one too
        return Trouble.SERVER_SPEAKS_PLAINTEXT if asked else Trouble.ANOTHER_PROGRAM  # no gRPC, and no TLS either
