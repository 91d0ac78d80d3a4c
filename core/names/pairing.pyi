"""Two names against each other (docs/names.md, "Pairs"). For Python: core.names.comparison."""
