"""The auditor: settings, key, and the identity that the token proves. Each look is itself recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from server.audit.keys import load_auditor_private
from server.audit.lacking import Lacking, What
from server.audit.looking import Tool, record_look
from server.audit.reading import AuditReader
from server.audit.set_up import audit_directory, development_keys
from server.audit.settings import AuditSettings


def open_auditor_key(settings: AuditSettings, key: Path | None) -> X25519PrivateKey:
    """The auditor's private key; in development mode its own when none is named.

    Raises Lacking, KeyFileError, OSError.
    """
    if key is None and settings.development:
        key = development_keys(settings) / "auditor.key"
        if not key.exists():
            raise Lacking(What.DEVELOPMENT_KEY, key)
    if key is None:
        raise Lacking(What.KEY)
    return load_auditor_private(key)


class Auditor:
    """An auditor at work."""

    def __init__(self, settings: AuditSettings, key: Path | None, officer: Mapping[str, Any] | None) -> None:
        """officer: the identity of the token (server/trust/operator.py). Raises Lacking, KeyFileError, OSError."""
        self.settings = settings
        self._directory = audit_directory(settings)
        self._officer = officer
        self._key = open_auditor_key(settings, key)

    def look(self, tool: Tool, arguments: Mapping[str, Any], case_number: str, **about: Any) -> AuditReader:
        """Records the look, then opens the log. about: the persons that the look concerns, as record_look takes them.

        Raises Lacking, AuditUnavailable, SettingsError, OSError: then nothing may be shown.
        """
        if not self._directory.is_dir():
            raise Lacking(What.LOG, self._directory)
        given = {name: value for name, value in arguments.items() if value}
        record_look(
            self.settings,
            tool,
            given,
            auditor=self._key,
            officer=self._officer,
            case_number=case_number,
            **about,
        )
        return AuditReader(self._directory, self._key)
