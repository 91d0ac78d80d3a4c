"""Checks the surroundings of the files: the clock, certificates, the trust directory, and the processes."""

from __future__ import annotations

import ctypes
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from core.generation.view_file import BEAT as LIVE_BEAT
from core.generation.view_file import LIVE
from core.ledger.frames import BEAT
from core.ledger.reader import FOLDER as LEDGER
from core.ledger.reader import registers_of
from indexer.generations.publishing import current_generation
from ronda.doctor.findings import Finding, finding
from server.processes.certificate_ends import CertificateCollector
from server.processes.readiness import PATH
from server.processes.scrape import CLOCK_DOUBTFUL
from server.processes.settings import ServerSettings
from server.processes.start_checks import check_files_of
from server.settings import Address, SettingsError
from server.transport.tls import read_pair
from server.trust.directory import read_trust
from server.trust.last_good import LAST_GOOD, kept_trust

SOON = timedelta(days=30)  # as RondaCertificateEnds of deploy/prometheus
SILENT_S = 5.0  # docs/live.md: then the fed registers are STALE
_ANSWER_S = 3.0
_TIME_ERROR = 5  # of adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 256  # more than struct timex has


def settings_files(settings: ServerSettings) -> Iterator[Finding]:
    """The files that the settings name, as the server checks them at its start."""
    limits = settings.limits_path
    if settings.trust is not None and limits.exists() and not os.access(limits, os.R_OK | os.W_OK, effective_ids=True):
        yield finding("files_unusable", limits, "the server reads and writes it")
    try:
        check_files_of(settings)
        if settings.tls_cert is not None and settings.tls_key is not None:
            read_pair(settings.tls_cert, settings.tls_key)
    except SettingsError as error:
        if "expired" not in str(error):  # certificates() tells of each
            yield finding("files_unusable", str(error).partition(":")[0], error)


def trust(settings: ServerSettings) -> Iterator[Finding]:
    """The trust directory, each part alone."""
    if settings.trust is None:
        return
    try:
        faults = read_trust(settings.trust, kept_trust(settings.data / LAST_GOOD, settings.trust)).faults
    except (SettingsError, OSError) as error:
        yield finding("trust_refused", settings.trust, error)
        return
    for fault in faults:
        yield finding("trust_refused", settings.trust, f"{fault.part}: {fault.why}")


def clock() -> Iterator[Finding]:
    """Checks that the kernel considers its clock synchronised (a time service reports so)."""
    if not is_synchronised():
        yield finding("clock_unsynchronised", "adjtimex")


def is_synchronised() -> bool:
    """Returns what adjtimex(2) says; True where the system has no such call."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return True
    return bool(state != _TIME_ERROR)


def certificates(settings: ServerSettings) -> Iterator[Finding]:
    """The ends that the metrics tell."""
    now = datetime.now(UTC)
    for family in CertificateCollector(settings).collect():
        for sample in family.samples:
            ends = datetime.fromtimestamp(sample.value, UTC)
            where = " ".join(label for label in sample.labels.values() if label)
            if ends < now:
                yield finding("certificate_ended", where, f"{ends:%Y-%m-%d}")
            elif ends < now + SOON:
                yield finding("certificate_ends_soon", where, f"{ends:%Y-%m-%d}")


def processes(settings: ServerSettings) -> Iterator[Finding]:
    """Checks that the server answers at the metrics' address, and that the writers beside it give a sign."""
    address = settings.metrics_address
    if address is None:
        return
    url = f"http://{_reached(address)}{PATH}"
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_S):
            pass
    except urllib.error.HTTPError as error:
        with error:
            yield finding("not_serving", url, _reasons(error.read()))
    except (OSError, ValueError) as error:
        yield finding("not_answering", url, getattr(error, "reason", error))
        return
    told = _told(address)
    if any(sample.name == CLOCK_DOUBTFUL for sample in told):
        yield finding("clock_doubtful", url.removesuffix(PATH))
    yield from _not_fresh(told)
    yield from _silent(settings)


def _told(address: Address) -> list[Sample]:
    """Returns the true facts of the server's scrape: its samples that are 1; none if it is unreadable."""
    try:
        with urllib.request.urlopen(f"http://{_reached(address)}/metrics", timeout=_ANSWER_S) as answer:
            text = answer.read().decode("utf-8", "replace")
        families = list(text_string_to_metric_families(text))
    except (OSError, ValueError):
        return []
    return [sample for family in families for sample in family.samples if sample.value == 1]


def _not_fresh(told: Iterable[Sample]) -> Iterator[Finding]:
    """Registers that answers show as STALE or MISSING, and what the feeds say of it."""
    causes: dict[str, list[str]] = {}
    for sample in told:
        if sample.name == "ronda_feed_stale":
            labels = sample.labels
            causes.setdefault(labels["register"], []).append(f"{labels['source']} {labels['cause']}")
    for sample in told:
        if sample.name == "ronda_register_state" and sample.labels["state"] != "FRESH":
            register = sample.labels["register"]
            detail = ", ".join([sample.labels["state"], *sorted(causes.get(register, ()))])
            yield finding("register_not_fresh", register, detail)


def _reached(address: Address) -> Address:
    """Returns the address at which this machine reaches a server bound to all addresses."""
    return address._replace(host={"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host))  # noqa: S104


def _reasons(body: bytes) -> str:
    try:
        return ", ".join(json.loads(body)["reasons"])
    except (ValueError, KeyError, TypeError):
        return ""


def _silent(settings: ServerSettings) -> Iterator[Finding]:
    """Writers of a running server that are silent, where anything was ever fed."""
    data = settings.data
    if not registers_of(data / LEDGER):
        return
    if settings.fed_registers and _age_s(data / LEDGER / BEAT) > SILENT_S:
        yield finding("feed_silent", data / LEDGER / BEAT)
    if _age_s(data / LIVE / (current_generation(data) or "-") / LIVE_BEAT) > SILENT_S:
        yield finding("live_silent", data / LIVE)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
