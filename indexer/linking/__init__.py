"""Staged standard records become linked records in the order of dossiers (docs/answers.md sections 4 and 5)."""
