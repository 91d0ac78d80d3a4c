"""The officer's texts: the contract's codes, places and records in Spanish."""
