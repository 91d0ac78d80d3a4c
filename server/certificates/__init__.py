"""Certificates of clearance: which were issued and revoked, who reviews, and what a stranger may learn of a number."""
