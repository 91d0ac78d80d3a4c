"""Recall: notifies officers who looked a person up when an alert on that person changes, if they may see it now."""
