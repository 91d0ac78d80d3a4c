"""Tables and texts on a terminal: whole at any width, and without what a stranger's text may do to it."""
