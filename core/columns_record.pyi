"""One record of a row: C only, see columns_record.pxd."""
