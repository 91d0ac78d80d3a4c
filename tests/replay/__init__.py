"""Past answers made again, through real servers and the command (docs/audit-format.md)."""
