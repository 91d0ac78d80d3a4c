"""The account that runs a command, as records name it."""

from __future__ import annotations

import os
import pwd


def account_name() -> str:
    """Returns the account's name; its number where it has none, as in a container.

    By the process's user, never by LOGNAME or USER: those say whatever the caller wrote there.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
