"""What a search of vehicles asks besides plate and number, without the GIL. Nothing here is for Python."""
