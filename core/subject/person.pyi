"""One person of the file as the caller may see it, without the GIL. Nothing here is for Python."""
