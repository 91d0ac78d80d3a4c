"""One subject as this caller may see it, and how it compares. Nothing here is for Python."""
