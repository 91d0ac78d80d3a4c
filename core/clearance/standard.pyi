"""What a clearance standard rests on and counts, without the GIL. Nothing here is for Python."""
