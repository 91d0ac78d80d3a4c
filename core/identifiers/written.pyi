"""Identifiers as clerks and spreadsheets write them; for Python core.identifiers.api has them."""
