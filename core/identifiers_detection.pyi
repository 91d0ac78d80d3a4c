"""Detection of kinds of identifier; called from compiled code only. Python calls core.identifiers."""
