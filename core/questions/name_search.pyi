"""Persons whose names hold every key of a question, without the GIL. Nothing here is for Python."""
