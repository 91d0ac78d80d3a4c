"""Live changes over what serves: a process for each base, and the change from one base to the next."""
