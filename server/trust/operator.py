"""Access to the commands that look into the audit log and into a person's data.

They work on this machine's files, without a connection, so there is no client certificate to bind a token to. Such
tokens name an audience of their own, "<token_audience>-office": a token for the network opens nothing here, and one of
these opens nothing there.
"""

from __future__ import annotations

import time
from pathlib import Path

from core.files.regular_file import read_file
from ronda.v1 import context_pb2
from server.audit.lacking import Lacking, What
from server.errors import Refusal, status_of
from server.settings import SettingsError
from server.trust.directory import read_trust
from server.trust.last_good import LAST_GOOD, kept_trust
from server.trust.officer_token import TokenRules, read_token
from server.trust.policy import Principal
from server.trust.settings import TrustSettings


def authorise(
    settings: TrustSettings, token: str, action: str, purpose: int = context_pb2.PURPOSE_AUDIT
) -> dict[str, object]:
    """Returns the identity of the token's officer, if policy allows this action (TOOL_ACTIONS) for this purpose.

    Keys: nip, institution, unit, roles. Raises PermissionError with the reason in one line. If the trust directory is
    invalid, the server's state in force holds; without a server nothing is allowed.
    """
    if settings.trust is None:
        raise PermissionError("in development mode there are no tokens: set trust")
    rules = TokenRules(f"{settings.token_audience}-office", settings.token_max_age_s, settings.clock_skew_s)
    try:
        trust = read_trust(settings.trust, kept_trust(settings.data / LAST_GOOD, settings.trust))
        officer = read_token(f"Bearer {token}" if token else "", trust.institutions, rules, time.time_ns() // 1_000_000)
        trust.revocations.check_officer(officer)
    except SettingsError as error:
        raise PermissionError(str(error)) from None
    except Refusal as refusal:
        raise PermissionError(status_of(refusal)[1].message) from None
    principal = Principal(officer.institution.id, officer.roles, officer.unit, off_unit=False, delegated=False)
    if officer.actor or not trust.policy.allows(principal, action, purpose):
        raise PermissionError(f"policy does not allow {action} to this officer")
    return {
        "nip": officer.nip,
        "institution": officer.institution.id,
        "unit": officer.unit,
        "roles": list(officer.roles),
    }


def officer_of(
    settings: TrustSettings,
    token: Path | None,
    action: str,
    wanted: What,
    purpose: int = context_pb2.PURPOSE_AUDIT,
) -> dict[str, object] | None:
    """The identity of a token that policy lets do this; None in development mode, where nobody has one.

    Raises Lacking (`wanted`) without a token, PermissionError when policy does not allow it, OSError.
    """
    if settings.trust is None:
        return None
    if token is None:
        raise Lacking(wanted)
    return authorise(settings, read_file(token).decode("ascii", "replace").strip(), action, purpose)
