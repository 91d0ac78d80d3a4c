"""The section's message of a record: C only, see columns_payload.pxd."""
