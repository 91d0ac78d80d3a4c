"""Figures from the mart: asked, counted, hidden and rounded, told with what they lack."""
