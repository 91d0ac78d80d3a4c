"""Recall: who looked somebody up is told when an alert on her changes afterwards, if she might see it now."""
