"""Commands of operators: make and publish data, run a server, look after it and copy it."""
