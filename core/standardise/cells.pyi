"""Cells of a register's rows: C only, see core/standardise/cells.pxd."""
