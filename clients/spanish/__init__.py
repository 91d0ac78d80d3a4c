"""What an officer reads: the contract's codes, places and records in Spanish."""
