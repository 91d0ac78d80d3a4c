"""`./run bench-numbers`: how fast a mart is built, and how fast a board's tables come from it."""
