"""Dates in another format than the register's: C only, see columns_dates.pxd."""
