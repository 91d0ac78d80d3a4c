"""Canonical form of identifiers, check digits, likely slips. Python: `api`, `kinds`, `types`."""
