"""Alerts of a dossier, their levels and their bytes, without the GIL. Nothing here is for Python."""
