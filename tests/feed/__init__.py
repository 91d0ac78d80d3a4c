"""Tests of the feed: rules of sequences, the writer process, Push and Status, the command."""
