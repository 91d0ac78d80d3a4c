"""The account that runs a command, as records name it."""

from __future__ import annotations

import getpass
import os


def account_name() -> str:
    """Returns the account's name; its number where it has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
