"""Names of a question, without the GIL. Nothing here is for Python."""
