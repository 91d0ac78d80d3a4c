"""Phonetic key of a folded token; called from compiled code only. Python calls core.names.keys."""
