"""`./run drills`: parts of the data directory lost or put back from old copies, and what officers are told then."""
