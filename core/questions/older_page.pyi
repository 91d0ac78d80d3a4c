"""Whether a page of an older generation may still be shown, without the GIL. Nothing here is for Python."""
