"""The office of habeas data: one person prepares an export, another releases it; both stand in the log first."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

from core.engine.entry import Engine
from core.files.regular_file import read_file
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from server.audit.auditor import open_auditor_key
from server.audit.lacking import Lacking, What
from server.audit.looking import Tool, record_look
from server.audit.reading import AuditReader, Lost
from server.audit.segments import AlteredRecord
from server.audit.set_up import audit_directory
from server.audit.subjects import asked_key
from server.audit.writer import clock_ms
from server.habeas_data.export import compose, digest
from server.habeas_data.holdings import subject_id_of
from server.habeas_data.pdf import render
from server.habeas_data.two_persons import NotReleased, check_release, read_request, write_released, write_request
from server.trust.operator import officer_of
from server.trust.settings import OfficeSettings


class Office:
    """The officer of the export: settings, identity, and the auditor's key that opens the log."""

    def __init__(self, settings: OfficeSettings, key: Path | None, token: Path | None, nip: str, action: str) -> None:
        """nip: in development mode; elsewhere the token holds it. Raises Lacking, PermissionError, KeyFileError."""
        self._settings = settings
        self._officer: dict[str, Any] = officer_of(settings, token, action, What.TOKEN) or _said(nip)
        self._key = open_auditor_key(settings, key)
        self._opened: AuditReader | None = None

    def prepare(self, cui: str, out: Path, closed_cases: Collection[str], case_number: str) -> None:
        """Writes the request for the reviewer. Raises IdentifierError for a CUI that is none, Lacking, OSError."""
        asked, engine, now = asked_key(IdentifierKind.CUI, cui), self._engine(), clock_ms()
        cui = asked[1:].decode()
        held = subject_id_of(engine, cui, now)
        looks = self._reader().looks_at([held] if held else [], [asked])
        document = compose(engine, cui, looks, closed_cases, now, str(uuid.uuid4()))
        said = {"step": "request", "request": document["request"], "sha256": digest(document)}
        self._record(held, asked, case_number, said)
        write_request(document, out)

    def release(self, request: Path, out: Path, case_number: str) -> list[Path]:
        """Writes what the person gets into `out`; returns the files. Raises as `prepare`, and NotReleased."""
        document = read_request(request)
        asked = asked_key(IdentifierKind.CUI, document["released"]["cui"])
        held = subject_id_of(self._engine(), asked[1:].decode(), clock_ms())
        reader = self._reader()
        records = [look.record for look in reader.looks_at([held] if held else [], [asked])]
        said = {"request": document["request"], "sha256": digest(document)}
        try:
            check_release(document, str(self._officer.get("nip", "")), records, reader)
        except NotReleased:
            self._record(held, asked, case_number, {"step": "refused", **said})
            raise
        pdf = render(document["released"])
        self._record(held, asked, case_number, {"step": "release", **said})
        return write_released(document, pdf, out)

    def lost(self) -> Lost:
        """Returns the gaps of the log: looks in them are in no export. Call it after the work. Raises OSError."""
        return self._reader().lost()

    def altered(self) -> list[AlteredRecord]:
        """The records that the work met and that are not as they were written. Raises OSError."""
        return self._reader().altered()

    def _engine(self) -> Engine:
        current = self._settings.data / "CURRENT"
        if not current.exists():
            raise Lacking(What.DATA, current)
        name = read_file(current).decode().strip()
        return Engine(Generation.open(self._settings.data / "generations" / name))

    def _reader(self) -> AuditReader:
        """The log as it is at first; the look of `_record` is not in it."""
        if self._opened is None:
            self._opened = AuditReader(audit_directory(self._settings), self._key)
        return self._opened

    def _record(self, subject_id: bytes | None, asked: bytes, case_number: str, said: dict[str, str]) -> None:
        """Records an act in the log before it is done."""
        record_look(
            self._settings,
            Tool.SUBJECT_EXPORT,
            said,
            auditor=self._key,
            officer={**self._officer, "tool": "ronda subject"},
            subject_ids=[subject_id] if subject_id else [],
            asked_key=asked,
            case_number=case_number,
        )


def _said(nip: str) -> dict[str, Any]:
    if not nip:
        raise Lacking(What.NIP)
    return {"nip": nip, "development": True}
