"""Check that a dossier lies within its bytes. Its functions are for compiled modules and for the fuzzers alone."""
