"""Countries beside a document's number; called from compiled code only. Python calls core.identifiers.api."""
