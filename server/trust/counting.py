"""The file in which all workers count what is asked, opened; a lost one is never a way to a whole allowance."""

from __future__ import annotations

from core.access.limits import Limits
from server.settings import SettingsError
from server.trust.settings import TrustSettings


def limits_of(settings: TrustSettings, *, spent: bool) -> Limits:
    """The limits' file. Raises SettingsError.

    spent: one that is not there was lost, and is made with every allowance spent.
    """
    try:
        return Limits(settings.limits_path, spent)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"limits_file: {settings.limits_path}: {why}") from None
