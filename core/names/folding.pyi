"""Folding of names; called from compiled code only. Python calls core.names.keys."""
