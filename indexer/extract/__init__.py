"""Registers are read by children of their own: a crash, an exhausted memory or a hang refuses one alone."""
