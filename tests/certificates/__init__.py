"""Certificates of clearance: a server with mTLS, an office at its counter, independent readers of what it hands out."""
