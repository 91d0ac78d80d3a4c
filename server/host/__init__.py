"""What the machine gives a process: descriptors, memory, core dumps, the port, the service manager, kept children."""
