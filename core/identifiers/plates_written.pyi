"""Plates as clerks write them; called from compiled code only. Python calls core.identifiers.api."""
