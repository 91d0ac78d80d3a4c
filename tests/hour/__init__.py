"""`./run hour`: a newcomer's first hour on a bare Debian 13, every printed line and every line of the README."""
