"""Findings of `ronda doctor` in installations that are broken on purpose."""
