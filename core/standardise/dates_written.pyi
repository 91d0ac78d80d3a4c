"""Dates as clerks and spreadsheets write them; called from compiled code only."""
