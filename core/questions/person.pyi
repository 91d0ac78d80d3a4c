"""Questions about persons, without the GIL. Nothing here is for Python."""
