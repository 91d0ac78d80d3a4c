"""Finds why a server cannot be reached: gRPC calls all of it UNAVAILABLE, so the connection is tried once without
it."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from clients.client.own_files import began_lately, trouble_of_files
from clients.client.trouble import Trouble

if TYPE_CHECKING:
    from clients.client.connection import Identity

__all__ = ["Trouble", "diagnose"]

_SECONDS = 2.0  # each for connecting, for the handshake, and for the server's first bytes after it
_EXPIRED = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)
_OTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # and empty SETTINGS


def diagnose(target: str, identity: Identity | None) -> Trouble:
    """Connects as the client did, with TLS or to see whether TLS is what the server wants. `target`: "host:port".

    Before that the identity's own files are looked at: of many faults in them a server only ends the connection.
    """
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > 0xFFFF:
        return Trouble.ADDRESS_IS_NONE
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if identity is None:
        tls.check_hostname = False  # only asked whether it is TLS; nothing is sent
        tls.verify_mode = ssl.CERT_NONE
    else:
        try:
            if (trouble := trouble_of_files(identity)) is not None:
                return trouble
            tls.load_verify_locations(identity.server_ca)
            tls.load_cert_chain(identity.certificate, identity.key)
        except OSError:  # one of the files is gone; SSLError is one too
            return Trouble.UNKNOWN
        tls.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection((host, int(port)), _SECONDS) as plain:
            trouble = _shake_hands(plain, tls, host, asked=identity is not None)
        if trouble is Trouble.OWN_CERTIFICATE_YOUNG and (identity is None or not began_lately(identity)):
            return Trouble.OWN_CERTIFICATE_REFUSED
        return trouble
    except socket.gaierror:
        return Trouble.NAME_NOT_KNOWN
    except ConnectionRefusedError:
        return Trouble.NOT_REACHED
    except OSError:
        return Trouble.NO_WAY


def _shake_hands(plain: socket.socket, tls: ssl.SSLContext, host: str, *, asked: bool) -> Trouble:
    try:
        with tls.wrap_socket(plain, server_hostname=host) as wrapped:
            if not asked:
                return Trouble.SERVER_SPEAKS_TLS
            return _ask(wrapped) if wrapped.selected_alpn_protocol() == "h2" else Trouble.ANOTHER_PROGRAM
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _EXPIRED:
            return Trouble.CERTIFICATE_OUT_OF_DATE
        return (
            Trouble.CERTIFICATE_OF_ANOTHER_NAME
            if error.verify_code in _OTHER_NAME
            else Trouble.CERTIFICATE_OF_ANOTHER_CA
        )
    except OSError as error:  # SSLError is one too
        return _after_hello(error, asked=asked)


def _ask(wrapped: ssl.SSLSocket) -> Trouble:
    """Reads the server's first bytes. In TLS 1.3 a server checks our certificate after the handshake: a refused one
    gets none."""
    try:
        wrapped.sendall(_PREFACE)
        return Trouble.UNKNOWN if wrapped.recv(1) else Trouble.OWN_CERTIFICATE_YOUNG
    except TimeoutError:
        return Trouble.UNKNOWN
    except OSError as error:
        return _refused(str(getattr(error, "reason", None) or ""))


def _refused(alert: str) -> Trouble:
    """Returns why our certificate is refused, as far as an alert shows; the caller checks whether it is too young."""
    known = any(word in alert for word in ("UNKNOWN_CA", "REVOKED", "EXPIRED", "ACCESS_DENIED"))
    return Trouble.OWN_CERTIFICATE_REFUSED if known else Trouble.OWN_CERTIFICATE_YOUNG


def _after_hello(error: OSError, *, asked: bool) -> Trouble:
    """No TLS in what came back, the connection ended, or the server said why it ends it (an alert of TLS)."""
    alert = str(getattr(error, "reason", None) or "")
    if "ALERT" not in alert:
        return Trouble.SERVER_SPEAKS_PLAINTEXT if asked else Trouble.ANOTHER_PROGRAM  # no gRPC, and no TLS either
    if not asked:
        return Trouble.SERVER_SPEAKS_TLS
    if "CERTIFICATE" in alert or "UNKNOWN_CA" in alert or "ACCESS_DENIED" in alert:
        return _refused(alert)
    return Trouble.ANOTHER_PROGRAM if "APPLICATION_PROTOCOL" in alert else Trouble.UNKNOWN
