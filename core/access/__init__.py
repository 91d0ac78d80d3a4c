"""Who asks, what she may see, and how often. Python: `caller`, `grant`, `limits`, `limits_file`."""
