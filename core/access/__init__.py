"""A caller as the hot path has it, and its spent allowances. Python: `caller`, `grant`, `limits`, `limits_file`."""
