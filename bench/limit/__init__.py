"""Measures how near to the machine's limit the server is, beside its peers: `./run bench-limit`."""
