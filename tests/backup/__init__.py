"""Copies taken of installations, also while they serve, and put back elsewhere."""
