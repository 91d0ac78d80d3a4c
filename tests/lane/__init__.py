"""The express lane's transport, through its front door: a stub of the engine behind it, real clients before it."""
