"""ListRecords: the rest of a section, without the GIL. Nothing here is for Python."""
