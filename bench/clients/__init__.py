"""`./run bench-clients`: the programs that people use, against real servers, mTLS and audit on."""
