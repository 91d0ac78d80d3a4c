"""A caller as the hot path has her: grants, and the counters of what she spends. Python: `caller`, `grant`, `limits`, `limits_file`."""
