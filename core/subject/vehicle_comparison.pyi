"""How one vehicle compares with a question, without the GIL. Nothing here is for Python."""
