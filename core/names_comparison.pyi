"""Comparison of name keys; called from compiled code only. Python calls core.names."""
