"""Cells of [record.subject]'s keys: C only, see core/standardise/keys.pxd."""
