"""Cells of [record.subject]'s keys: C only, see columns_keys.pxd."""
