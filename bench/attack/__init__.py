"""Attacks on a running server, each to be begun from a test or from `./run bench-attack`, which runs them in turn."""
