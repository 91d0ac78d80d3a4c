"""Micro-benchmarks of the core with pytest-benchmark, compared with a saved baseline: `./run bench-core --compare`."""
