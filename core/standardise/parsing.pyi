"""Dates and numbers as registers write them: C only, see core/standardise/parsing.pxd."""
