"""What the machine gives a process and how far: descriptors, memory, core dumps, the port, the service manager."""
