"""The error of a hot list without an answer; a module of its own, so that the screen starts without the list's
imports."""

from __future__ import annotations


class NothingOffline(Exception):
    """No off-line answer; the text says why, in Spanish."""
