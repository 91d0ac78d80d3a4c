"""The result of a question, and its bytes. Nothing here is for Python."""
