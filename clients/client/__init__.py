"""What a program asks a server with: the connection, its identity, and why there is no answer."""
