"""Reading of typed identifiers; called from compiled code only. Python calls core.identifiers.api."""
