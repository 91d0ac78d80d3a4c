"""That the hot list answers nothing; apart from it, so that the screen starts without what the list needs."""

from __future__ import annotations


class NothingOffline(Exception):
    """No off-line answer; the text says why, in Spanish."""
