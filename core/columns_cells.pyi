"""Cells of a register's rows: C only, see columns_cells.pxd."""
