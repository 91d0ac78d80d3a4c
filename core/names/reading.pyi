"""Reading a name for comparison (docs/names.md, "Names"). For Python: core.names.comparison."""
