"""Metrics, and the files that hold them until the scrape."""
