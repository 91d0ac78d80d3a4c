"""One record of a row: C only, see core/standardise/record.pxd."""
