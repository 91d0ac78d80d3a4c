"""`./run bench-live`: how soon a fed change is in every worker's answers, and what that costs those who ask."""
