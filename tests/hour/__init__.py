"""`./run hour`: a newcomer's first hour on a bare Debian 13: every printed line, every line of docs/first-hour.md."""
