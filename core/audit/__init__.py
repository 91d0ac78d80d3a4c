"""The audit log's bytes, written before an answer leaves, proved afterwards. Python: `log`, `reader`, `rows`, `merkle`."""
