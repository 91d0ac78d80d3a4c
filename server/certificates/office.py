"""The office of certificates: what it does stands in the audit log, then in the store, and only then is it handed out.

Issuing, deciding a review and revoking are a person's acts: a token that policy lets do it, or in development mode a
NIP. Who opened a review cannot decide it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.identifiers.kinds import IdentifierKind
from ronda.v1.context_pb2 import PURPOSE_CLEARANCE
from server.audit.lacking import Lacking, What
from server.audit.looking import CERTIFICATES, Tool, record_look
from server.audit.subjects import asked_key
from server.certificates.directory import OfficeDirectory
from server.certificates.numbers import new_review_number
from server.certificates.store import CertificateStore, Issued, NotDone, Review, Standing
from server.trust.operator import officer_of
from server.trust.settings import OfficeSettings

# Of this a person may decide that the certificate issues: the server found nothing under the CUI itself. Of every other
# reason (dead, misused, in conflict, not on file) it has not judged the records, so that a register must change first.
DECIDABLE = ("NAME_MATCH",)


class CertificateOffice:
    """One person at work in an office."""

    def __init__(
        self, settings: OfficeSettings, directory: OfficeDirectory, token: Path | None, nip: str, action: str
    ) -> None:
        """nip: the officer's, in development mode; otherwise the token holds it. Raises Lacking, PermissionError,
        OSError, OfficeUnusable, StoreUnusable."""
        self._settings = settings
        identity = officer_of(settings, token, action, What.TOKEN, PURPOSE_CLEARANCE)
        if identity is None:
            if not nip.strip():
                raise Lacking(What.NIP)
            identity = {"nip": nip.strip(), "development": True}
        self._officer = identity
        self._hashes = directory.hashes()
        self.store = CertificateStore(directory.store)
        self._me = self._hashes.officer(str(identity.get("institution", "")), str(identity["nip"]))

    def close(self) -> None:
        """Ends the work: the store is let go."""
        self.store.close()

    def person(self, cui: str) -> bytes:
        """A CUI as it stands in the store."""
        return self._hashes.person(cui)

    def issue(self, cui: str, issued: Issued) -> None:
        """Raises AuditUnavailable, SettingsError, OSError, StoreUnusable, NotDone: nothing is handed out."""
        said = {
            "step": "issue",
            "number": issued.number,
            "standard": issued.standard,
            "sha256": issued.sha256,
            "generation": issued.generation,
            "answer_id": issued.answer_id,
            "review": issued.review or "",
        }
        self._record(Tool.CERTIFICATE_ISSUE, said, cui)
        self.store.issue(issued)

    def open_review(self, cui: str, standard: str, reason: str, records: str, answer_id: str) -> str:
        """The new case's number. Raises as `issue`."""
        review = Review(new_review_number(), self.person(cui), standard, reason, records, _now_s(), self._me)
        said = {"step": "open", "review": review.number, "standard": standard, "reason": reason, "answer_id": answer_id}
        self._record(Tool.CERTIFICATE_REVIEW, said, cui)
        self.store.open_review(review)
        return review.number

    def decide(self, number: str, approved: bool, reason: str, cui: str) -> None:
        """The second person's decision. Raises as `issue`; NotDone for a case that nobody may decide so."""
        review = self.store.review(number)
        if review is None:
            raise NotDone("there is no such review")
        if review.person != self.person(cui):
            raise NotDone("the review is of another person or standard")
        if approved and review.reason not in DECIDABLE:
            raise NotDone("a register must change first: nobody can decide this")
        if review.opened_by == self._me:
            self._record(Tool.CERTIFICATE_REVIEW, {"step": "refused", "review": number, "reason": reason}, cui)
            raise NotDone("whoever opened the review cannot decide it: another person must")
        step = "approve" if approved else "refuse"
        self._record(Tool.CERTIFICATE_REVIEW, {"step": step, "review": number, "reason": reason}, cui)
        self.store.decide(number, approved, self._me, _now_s())

    def of_person(self, cui: str) -> list[tuple[Issued, Standing]]:
        """Returns the person's certificates with their standing, oldest first. Raises as `issue`."""
        self._record(Tool.CERTIFICATE_REVOKE, {"step": "list"}, cui)
        now = _now_s()
        return [(each, self.store.standing(each.number, now)) for each in self.store.of_person(self.person(cui))]

    def revoke(self, number: str, reason: str) -> None:
        """Raises as `issue`; NotDone for a number that was not issued, or is revoked."""
        if self.store.issued(number) is None:
            raise NotDone("no certificate has this number")
        self._record(Tool.CERTIFICATE_REVOKE, {"step": "revoke", "number": number, "reason": reason}, "")
        self.store.revoke(number, self._me, _now_s())

    def _record(self, tool: Tool, said: Mapping[str, Any], cui: str) -> None:
        record_look(
            self._settings,
            tool,
            said,
            officer={**self._officer, "tool": "ronda certificate"},
            asked_key=asked_key(IdentifierKind.CUI, cui) if cui else b"",
            log_name=CERTIFICATES,
            purpose=PURPOSE_CLEARANCE,
        )


def _now_s() -> int:
    return int(time.time())
