"""Identifiers that the records of one subject state, and the keys under which it is found."""
