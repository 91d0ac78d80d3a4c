"""What one call works with: its memory, its question, the registers' states, its tokens. Nothing here is for Python."""
