"""End dates of certificates: the server's own, and the CAs of institutions' devices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.files.regular_file import read_file
from server.processes.settings import ServerSettings
from server.settings import SettingsError
from server.trust.faults import Faults
from server.trust.institutions import Institutions

_NAMED = ("tls_cert", "tls_client_ca", "audit_keeper_cert", "audit_keeper_ca")


def end_of(path: Path) -> datetime | None:
    """Returns the end of the file's first certificate, UTC; None where it holds none that can be read."""
    try:
        return x509.load_pem_x509_certificate(read_file(path)).not_valid_after_utc
    except (OSError, ValueError):
        return None


class CertificateCollector(Collector):
    """Reads the files at each scrape: a renewed certificate shows at once."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        """Yields one family. For an institution with several CAs the latest end counts."""
        ends = GaugeMetricFamily(
            "ronda_certificate_end_timestamp_seconds",
            "When a certificate ends, Unix time: by setting, and of each institution's CA.",
            labels=["certificate", "institution"],
        )
        for setting in _NAMED:
            path: Path | None = getattr(self._settings, setting)
            end = end_of(path) if path is not None else None
            if end is not None:
                ends.add_metric([setting, ""], end.timestamp())
        for institution, end in self._of_institutions():
            ends.add_metric(["ca", institution], end.timestamp())
        yield ends

    def _of_institutions(self) -> Iterator[tuple[str, datetime]]:
        trust = self._settings.trust
        if trust is None:
            return
        try:
            institutions = Institutions(trust / "institutions.toml", faults=Faults(strict=False))
        except (SettingsError, OSError):
            return
        for institution in institutions.all:
            yield institution.id, max(certificate.not_valid_after_utc for certificate in institution.ca)
