"""What an engine does without the GIL. Nothing here is for Python."""
