"""`./run serve`: a nation of invented persons, its registers, an index and a server, on one machine for one user."""
