"""Fuzzing of the express lane: bytes of a connection, the writers of its headers, its tables."""
