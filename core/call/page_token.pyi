"""Page tokens, without the GIL. Nothing here is for Python."""
