"""Requests that were counted. Nothing here is for Python."""
