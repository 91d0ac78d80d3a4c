"""One segment of the audit log while it is written; nothing of it is for Python (core/audit/segment.pxd)."""
