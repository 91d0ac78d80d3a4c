"""A typed identifier as words; called from compiled code only. Python calls core.identifiers.api."""
