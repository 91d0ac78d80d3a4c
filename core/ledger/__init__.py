"""Changes fed by institutions, in the order of acceptance: one process writes them, all makers of views read them."""
