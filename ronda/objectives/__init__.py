"""Latency objectives of a file, held against a running server: what `ronda bench` measures and reports."""
