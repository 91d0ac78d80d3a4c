"""One file a command, thin: what it does belongs to the part that it calls."""
