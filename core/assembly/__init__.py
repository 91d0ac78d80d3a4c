"""Linked records become the files of a generation, in one pass. Python: `assembler`."""
