"""The common parts of a generation's flat files, and the writer of one. Nothing here is for Python."""
