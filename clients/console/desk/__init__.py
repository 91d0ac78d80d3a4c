"""The desk: one question, its answer with the records behind it, and its print."""
