"""A source's rows become standard records, or are quarantined with the reason."""
