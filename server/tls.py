"""Server credentials from the files that the settings name."""

from __future__ import annotations

from pathlib import Path

import grpc

from server.settings import Settings, SettingsError


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """TLS credentials, asking for client certificates where a client CA is set; None = plaintext.

    Raises SettingsError for a file that cannot be read or is no PEM.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    chain = _pem("tls_cert", settings.tls_cert, b"CERTIFICATE")
    key = _pem("tls_key", settings.tls_key, b"PRIVATE KEY")
    client_ca = _pem("tls_client_ca", settings.tls_client_ca, b"CERTIFICATE") if settings.tls_client_ca else None
    return grpc.ssl_server_credentials(
        [(key, chain)], root_certificates=client_ca, require_client_auth=client_ca is not None
    )


def _pem(setting: str, path: Path, wanted: bytes) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path}: {error.strerror}") from None
    if b"-----BEGIN " not in text or wanted not in text:
        raise SettingsError(f"{setting}: {path} holds no PEM block of {wanted.decode()}")
    return text
