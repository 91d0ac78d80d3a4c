"""What `ronda doctor` finds in installations that are broken on purpose."""
