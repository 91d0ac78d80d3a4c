"""Searches of persons by name and of vehicles by partial plate, without the GIL. Nothing here is for Python."""
