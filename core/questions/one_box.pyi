"""One box: every kind of identifier that fits a text is looked up, without the GIL. Nothing here is for Python."""
