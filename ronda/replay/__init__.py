"""A past answer made again from its audit record, and held against the digest that the record has of it."""
