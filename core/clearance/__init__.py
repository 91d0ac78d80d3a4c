"""Columns of subjects against a standard. Nothing here is for Python."""
