"""Numbers of a person: C only, see core/standardise/numbers.pxd."""
