"""Searches of persons by name, without the GIL. Nothing here is for Python."""
