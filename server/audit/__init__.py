"""The audit log on disk: segments, seals, signed checkpoints, a second keeper, and the tools that read them."""
