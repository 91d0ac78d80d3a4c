"""Figures from the mart: asked, counted, hidden and rounded, with a note of what is missing."""
