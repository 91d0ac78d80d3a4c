"""Numbers with check digits and patterns; called from compiled code only. Python calls core.identifiers.api."""
