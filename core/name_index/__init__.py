"""names.bin: every name on file, found by how it may be written, read or heard. Nothing here is for Python."""
