"""The acts of the institution's clerk: each act is on record before it is done.

The issuer may serve meanwhile: both write the same database, and a clerk's change holds from the next call on.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from server.account import account_name
from server.audit.issuer_acts import IssuerAct
from server.audit.set_up import prepare_audit
from server.issuer import forms
from server.issuer.forms import Kind, weakness
from server.issuer.hashing import hash_secret
from server.issuer.pepper import Pepper, drop_keys, rotate_pepper
from server.issuer.proving import Rules, now_ms, subject_hashes
from server.issuer.records import record_clerk
from server.issuer.settings import IssuerSettings
from server.issuer.store import Officer, Store

_DAY_MS = 86_400_000


class Refused(Exception):
    """The clerk's request cannot be done: "revoked" or "unknown"."""


class Clerk:
    """One clerk at work."""

    def __init__(self, settings: IssuerSettings, *, restored: bool = False) -> None:
        """Raises SettingsError."""
        self._settings = settings
        prepare_audit(settings, development=False)
        if restored:
            self._record(IssuerAct.ACCEPT_RESTORED)
        self._store = Store(settings.database, settings.pepper, restored=restored)
        self._pepper = Pepper(settings.pepper)

    def _record(self, act: IssuerAct, nip: str = "") -> None:
        record_clerk(self._settings, act, account_name(), nip)

    def enrol(self, nip: str, unit: str, roles: Sequence[str], *, reinstate: bool) -> bool:
        """Adds an officer, or changes unit and roles of one; returns whether they are new. Raises Refused, Refusal.

        Ends the officer's sessions. A revoked officer comes back only with `reinstate`.
        """
        forms.need(forms.NIP, nip, "nip", "1 to 32 letters, digits, dots, hyphens or underscores")
        forms.need(forms.UNIT, unit, "unit", "1 to 64 letters, digits, dots, hyphens or underscores")
        for role in roles:
            forms.need(forms.ROLE, role, "role", "lower-case letters, digits and hyphens")
        if not 1 <= len(set(roles)) <= 16:
            raise forms.field_invalid("role", "1 to 16")
        known = self._store.by_nip(nip)
        if known is not None and known.revoked and not reinstate:
            raise Refused("revoked")
        self._record(IssuerAct.ENROL_OFFICER, nip)
        text = json.dumps(sorted(set(roles)))
        with self._store.change() as db:
            if known is None:
                db.execute(
                    "INSERT INTO officer (nip, unit, roles, reference, epoch) VALUES (?, ?, ?, ?, 0)",
                    (nip, unit, text, secrets.token_bytes(16)),
                )
            else:
                db.execute(
                    "UPDATE officer SET unit = ?, roles = ?, epoch = epoch + 1, revoked_ms = NULL WHERE id = ?",
                    (unit, text, known.id),
                )
        return known is None

    def set_number(self, nip: str, telephone: str) -> None:
        """Sets the officer's one number; a former holder of it has none. Raises Refused, Refusal."""
        forms.need(forms.TELEPHONE, telephone, "telephone", "+ and 8 to 15 digits")
        officer = self._known(nip)
        hashes = subject_hashes(self._pepper, Kind.PIN, telephone)
        self._record(IssuerAct.SET_NUMBER, nip)
        with self._store.change() as db:
            had = self._store.by_telephone(hashes)
            self._store.put_telephone(officer.id, self._pepper, hashes)
            db.executemany("DELETE FROM lockout WHERE scope = 'number' AND key = ?", [(each,) for each in hashes])
            for each in {officer.id, *([had.id] if had is not None else [])}:
                self._store.end_sessions(each)

    def reset(self, nip: str, kind: Kind, secret: str) -> int:
        """Sets a provisional PIN or password for the officer to change; returns its days. Raises Refused, Refusal."""
        officer = self._known(nip)
        if weak := weakness(kind, secret, nip=nip):
            raise forms.field_invalid(kind.value, weak)
        made = hash_secret(self._pepper, kind, officer.id, secret, self._settings.scrypt_log_n)
        days = self._settings.provisional_days
        self._record(IssuerAct.RESET_PIN, nip)
        with self._store.change():
            self._store.put_secret(officer.id, kind, made, now_ms() + days * _DAY_MS, provisional=True)
            self._store.end_sessions(officer.id)
            self._forget_failures(officer)
        return days

    def unlock(self, nip: str) -> None:
        """Unlocks the officer's number and NIP. Raises Refused."""
        officer = self._known(nip)
        self._record(IssuerAct.UNLOCK, nip)
        with self._store.change():
            self._forget_failures(officer)

    def unlock_wide(self) -> int:
        """All devices, gateways and the issuer as a whole may be tried again; how many were counted."""
        self._record(IssuerAct.UNLOCK)
        with self._store.change() as db:
            return int(db.execute("DELETE FROM lockout WHERE scope <> 'number'").rowcount)

    def revoke(self, nip: str) -> None:
        """No sign-in and no renewal from now on. Tokens that are out live minutes: Ronda's revoked.toml ends them."""
        officer = self._known(nip)
        self._record(IssuerAct.REVOKE_OFFICER, nip)
        with self._store.change() as db:
            db.execute("UPDATE officer SET revoked_ms = ?, epoch = epoch + 1 WHERE id = ?", (now_ms(), officer.id))

    def rotate_pepper(self) -> tuple[int, int]:
        """A new pepper key; drops those that nothing uses any more. How many there are, how many were dropped."""
        self._record(IssuerAct.ROTATE_PEPPER)
        dropped = drop_keys(self._settings.pepper, self._store.peppers_in_use())
        rotate_pepper(self._settings.pepper)
        return len(Pepper(self._settings.pepper).keys), dropped

    def end_all_sessions(self) -> None:
        """Ends all sessions after a restored database: all officers sign in anew."""
        with self._store.change() as db:
            db.execute("UPDATE officer SET epoch = epoch + 1")

    def listed(self) -> list[Listed]:
        """All officers and the state of what they know; no number, no hash."""
        return [self._listed(officer) for officer in self._store.officers()]

    def _listed(self, officer: Officer) -> Listed:
        db = self._store.db
        numbered = db.execute("SELECT hash FROM telephone WHERE officer = ?", (officer.id,)).fetchall()
        keys = [*(row[0] for row in numbered), *subject_hashes(self._pepper, Kind.PASSWORD, officer.nip)]
        marks = ",".join("?" * len(keys))
        locked = db.execute(
            f"SELECT MAX(until_ms) FROM lockout WHERE scope = 'number' AND key IN ({marks})",  # noqa: S608
            keys,
        ).fetchone()[0]
        return Listed(
            officer.nip,
            officer.unit,
            officer.roles,
            officer.revoked,
            bool(numbered),
            self._state(officer, Kind.PIN),
            self._state(officer, Kind.PASSWORD),
            bool(locked and locked > now_ms()),
        )

    def _state(self, officer: Officer, kind: Kind) -> str:
        held = self._store.secret(officer.id, kind)
        if held is None:
            return "none"
        if held.expires_ms <= now_ms():
            return "expired"
        return "provisional" if held.provisional else time.strftime("%Y-%m-%d", time.gmtime(held.expires_ms / 1000))

    def _known(self, nip: str) -> Officer:
        officer = self._store.by_nip(nip)
        if officer is None:
            raise Refused("unknown")
        return officer

    def _forget_failures(self, officer: Officer) -> None:
        keys = [row[0] for row in self._store.db.execute("SELECT hash FROM telephone WHERE officer = ?", (officer.id,))]
        keys += subject_hashes(self._pepper, Kind.PASSWORD, officer.nip)
        scope = Rules.of(self._settings).subject.scope
        self._store.db.executemany("DELETE FROM lockout WHERE scope = ? AND key = ?", [(scope, each) for each in keys])

    def close(self) -> None:
        """Ends the work."""
        self._store.close()


@dataclass(frozen=True)
class Listed:
    """An officer in the clerk's list. pin, password: none, expired, provisional, or the day on which it ends."""

    nip: str
    unit: str
    roles: tuple[str, ...]
    revoked: bool
    numbered: bool
    pin: str
    password: str
    locked: bool
