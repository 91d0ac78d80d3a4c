"""All checks of an installation, in order; one that fails unforeseen is a finding too, and ends no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.errors import CoreError
from ronda.doctor import database_checks, disk_checks, machine_checks
from ronda.doctor.findings import Finding, finding
from ronda.settings import Settings

Check = Callable[[Settings], Iterable[Finding]]


def checks(*, deep: bool) -> dict[str, Check]:
    """Returns the checks by their subject, in Spanish. deep: reads every file, entry and record."""
    return {
        "archivos de los ajustes": machine_checks.settings_files,
        "confianza": machine_checks.trust,
        "partes perdidas": disk_checks.lost_parts,
        "llaves": disk_checks.secrets,
        "dueños y modos": disk_checks.owners_and_modes,
        "generación": lambda settings: disk_checks.generation(settings, deep=deep),
        "libro de cambios": lambda settings: disk_checks.ledger(settings, deep=deep),
        "bases de datos": lambda settings: database_checks.databases(settings, deep=deep),
        "auditoría": lambda settings: disk_checks.audit_log(settings, deep=deep),
        "discos": disk_checks.room,
        "reloj": lambda _: machine_checks.clock(),
        "certificados": machine_checks.certificates,
        "procesos": machine_checks.processes,
    }


def check_up(settings: Settings, *, deep: bool, on_check: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """Returns what is wrong. on_check: called with the name of each check before it begins."""
    found: list[Finding] = []
    for name, check in checks(deep=deep).items():
        on_check(name)
        try:
            found += check(settings)
        except OSError as error:
            found.append(finding("files_unusable", error.filename or name, error.strerror or error))
        except (CoreError, ValueError) as error:
            found.append(finding("check_failed", name, type(error).__name__))
    return found
