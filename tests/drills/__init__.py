"""`./run drills`: parts of the data directory lost or put back from old copies, and officers' answers after that."""
