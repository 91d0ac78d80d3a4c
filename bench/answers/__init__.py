"""`./run bench-answers`: a whole nation asked, every answer held against the truth that its maker kept apart."""
