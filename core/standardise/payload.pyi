"""The section's message of a record: C only, see core/standardise/payload.pxd."""
