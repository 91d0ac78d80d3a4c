"""Candidates of an answer, without the GIL. Nothing here is for Python."""
