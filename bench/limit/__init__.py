"""How near to the machine's limit the server is, measured beside its peers: `./run bench-limit`."""
