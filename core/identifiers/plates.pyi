"""Plates; called from compiled code only. Python calls core.identifiers.api."""
