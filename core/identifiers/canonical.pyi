"""Identifiers without the GIL. Nothing here is for Python, which calls core.identifiers.api."""
