"""Condition of every register for one grant at one time, without the GIL. Nothing here is for Python."""
