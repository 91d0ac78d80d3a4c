"""`./run bench-trust`: what identity, limits and the audit log cost, and what a crash loses."""
