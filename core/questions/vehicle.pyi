"""Questions about vehicles, without the GIL. Nothing here is for Python."""
