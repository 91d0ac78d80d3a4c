"""The interface for other programs that ask Ronda: a connection, and the Spanish text of an answer. Depends on ronda.v1
only."""
