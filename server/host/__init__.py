"""The resources that the machine gives a process: descriptors, memory, port, children and others."""
