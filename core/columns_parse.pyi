"""Dates and numbers as registers write them: C only, see columns_parse.pxd."""
