"""The house itself: its rooms, its packages, its checks."""
