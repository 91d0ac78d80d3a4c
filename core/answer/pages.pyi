"""One page of a search, without the GIL. Nothing here is for Python."""
