"""What the flat files of a generation share, and how one is written. Nothing here is for Python."""
