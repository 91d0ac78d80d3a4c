"""Figures: from published files to the mart."""
