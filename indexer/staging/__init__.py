"""The result of each register in a build: its last good extract, carried forward, withdrawn, or shrunk."""
