"""Two names against each other (docs/names.md, "Pairs"). Called from compiled code; Python calls core.match."""
