"""Identifiers as they are strictly written. Nothing here is for Python, which calls core.identifiers.api."""
