"""Releases for other institutions, made and tried: the client's wheel, the contract as a zip, the examples."""
