"""The audit log's bytes, written before an answer leaves, proved later. Python: `log`, `reader`, `rows`, `merkle`."""
