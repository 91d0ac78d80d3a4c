"""What a text shows that is no identifier itself; called from compiled code only. Python calls core.identifiers.api."""
