"""Identifiers as clerks and spreadsheets write them; called from compiled code only. Python calls core.identifiers."""
