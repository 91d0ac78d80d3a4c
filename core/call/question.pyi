"""Requests, read from their bytes without the GIL. Nothing here is for Python."""
