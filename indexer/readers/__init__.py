"""Readers: one module a format, each from a source to batches of text columns."""
