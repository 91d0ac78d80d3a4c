"""A register's rows become standard records. Python: `encoder`."""
