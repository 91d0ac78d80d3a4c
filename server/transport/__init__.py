"""Connections and their TLS, before a call begins."""
