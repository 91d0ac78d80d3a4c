"""What a question came to, and its bytes. Nothing here is for Python."""
