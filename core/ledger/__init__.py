"""What institutions fed, in the order it was taken over: one process writes it, all that make views read it."""
