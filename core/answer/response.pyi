"""Writes an outcome as the response of its method, without the GIL. Nothing here is for Python."""
