"""Reading a name for comparison (docs/names.md, "Names"). Called from compiled code; Python calls core.match."""
