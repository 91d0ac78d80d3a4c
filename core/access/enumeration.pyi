"""Signs that somebody goes through a list. Nothing here is for Python."""
