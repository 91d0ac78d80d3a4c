"""Gathers who was shown in an answer, without the GIL. Nothing here is for Python."""
