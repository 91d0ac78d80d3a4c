"""Numbers of a person: C only, see columns_numbers.pxd."""
