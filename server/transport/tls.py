"""Server credentials from the files that the settings name, read again at a handshake after they changed.

gRPC asks for them at each handshake, in a thread of its own. Files that do not fit together (a new certificate beside
the old key, in the middle of a copy) are refused, and the last good ones keep serving. Connections keep the certificate
that they began with; `max_connection_age_s` ends them. grpcio cannot set the least TLS version: TLS 1.2 is refused call
by call (server/trust/peer.py).

A worker that starts while the files are refused takes those of the workers before it. They are kept beside the workers'
sockets, readable to this account alone, and gone when the server ends.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.host.file_stamps import Stamp, stamp_of
from server.logs import ERROR, log
from server.metrics import counts as call_metrics
from server.settings import SettingsError
from server.transport.settings import TransportSettings

Bundle = Callable[[], bytes]
Configured = tuple[bytes, bytes, bytes | None]  # key, certificate chain, CAs of clients; PEM


class ServerTls:
    """The certificate, its key, and the CAs of clients' certificates."""

    def __init__(
        self, settings: TransportSettings, bundle: Bundle | None = None, last_good: Path | None = None
    ) -> None:
        """`bundle` gives the CAs of clients, PEM; None = those of `tls_client_ca`, if any.

        last_good: the file in which what served last is kept; None = nothing is kept. Raises SettingsError where there
        is none, for a file that cannot be read or is no PEM, and for a key of another certificate.
        """
        assert settings.tls_cert is not None and settings.tls_key is not None
        self._cert, self._key, self._client_ca = settings.tls_cert, settings.tls_key, settings.tls_client_ca
        self._bundle = bundle
        self._lock = threading.Lock()
        self._last_good = last_good
        self._read_at = self._stamp()
        self._material = self._first()
        self._given = self._configured()

    @property
    def credentials(self) -> grpc.ServerCredentials:
        """Returns credentials for `add_secure_port`; requires client certificates if there is a CA for them."""
        asks = self._bundle is not None or self._client_ca is not None
        credentials: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
            _configuration(self._given),
            self._at_handshake,  # type: ignore[arg-type]  # grpc's stubs do not know None
            asks,
        )
        return credentials

    def _at_handshake(self) -> grpc.ServerCertificateConfiguration | None:
        """Returns the configuration that gRPC is to use from now on; None = the present one.

        If gRPC (1.85) gets a new one at each handshake, it frees data that handshakes in other threads still use: a
        thousand connections reset at once ended the process.
        """
        call_metrics.HANDSHAKES.inc()
        wanted = self.configured()
        if wanted == self._given:
            return None
        self._given = wanted
        return _configuration(wanted)

    def configured(self) -> Configured:
        """Returns the present configuration; reads changed files again. Thread-safe."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._read_at:
                self._read_at = stamp
                try:
                    self._material = self._read()
                    call_metrics.TLS_AT_FAULT.labels("files").set(0)
                    log("tls_files_changed")
                    self._keep()
                except SettingsError as error:
                    _tell_refused(error)
            return self._configured()

    def _first(self) -> Configured:
        try:
            self._material = self._read()
        except SettingsError as error:
            if (kept := self._kept()) is None:
                raise
            _tell_refused(error)
            return kept
        self._keep()
        return self._material

    def _keep(self) -> None:
        if self._last_good is None:
            return
        texts = [text.decode("latin-1") if text is not None else None for text in self._material]
        try:
            replace_file(self._last_good, json.dumps(texts).encode(), durable=False)
        except OSError as error:
            log("tls_files_not_kept", level=ERROR, why=error.strerror or "")

    def _kept(self) -> Configured | None:
        if self._last_good is None:
            return None
        try:
            key, chain, client_ca = json_of(read_file(self._last_good))
        except (OSError, ValueError, TypeError):
            return None
        return key.encode("latin-1"), chain.encode("latin-1"), client_ca.encode("latin-1") if client_ca else None

    def _configured(self) -> Configured:
        key, chain, client_ca = self._material
        return key, chain, self._bundle() if self._bundle is not None else client_ca

    def _stamp(self) -> Stamp:
        return stamp_of(path for path in (self._cert, self._key, self._client_ca) if path is not None)

    def _read(self) -> tuple[bytes, bytes, bytes | None]:
        chain, key = read_pair(self._cert, self._key)
        return key, chain, _pem("tls_client_ca", self._client_ca, b"CERTIFICATE") if self._client_ca else None


def _configuration(configured: Configured) -> grpc.ServerCertificateConfiguration:
    key, chain, roots = configured
    return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=roots)


def _tell_refused(error: SettingsError) -> None:
    call_metrics.TLS_REFUSED.labels("files").inc()
    call_metrics.TLS_AT_FAULT.labels("files").set(1)
    log("tls_files_refused", level=ERROR, why=str(error))


def server_tls(
    settings: TransportSettings, bundle: Bundle | None = None, last_good: Path | None = None
) -> ServerTls | None:
    """Returns the server's TLS; None = plaintext. Raises SettingsError."""
    return ServerTls(settings, bundle, last_good) if settings.tls_cert is not None else None


def read_pair(cert: Path, key: Path) -> tuple[bytes, bytes]:
    """Certificate chain and key of the server, PEM. Raises SettingsError where they do not hold, or not together."""
    chain, secret = _pem("tls_cert", cert, b"CERTIFICATE"), _pem("tls_key", key, b"PRIVATE KEY")
    if not _belong_together(chain, secret):
        raise SettingsError(f"tls_key: {key} is not the key of {cert}")
    return chain, secret


def _pem(setting: str, path: Path, wanted: bytes) -> bytes:
    try:
        text = read_file(path)
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path}: {error.strerror}") from None
    if b"-----BEGIN " not in text or wanted not in text:
        raise SettingsError(f"{setting}: {path} holds no PEM block of {wanted.decode()}")
    return text


def _belong_together(chain: bytes, key: bytes) -> bool:
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        of_certificate = x509.load_pem_x509_certificate(chain).public_key()
        of_key = load_pem_private_key(key, password=None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return of_certificate.public_bytes(*form) == of_key.public_bytes(*form)
