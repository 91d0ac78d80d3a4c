"""A caller as the hot path has her, and what she spends. Python: `caller`, `grant`, `limits`, `limits_file`."""
