"""Dates in another format than the register's: C only, see core/standardise/dates.pxd."""
