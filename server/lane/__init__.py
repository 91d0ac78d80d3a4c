"""The express lane beside grpcio: its loop, and the calls that it leaves to Python, answered by server/calls."""
