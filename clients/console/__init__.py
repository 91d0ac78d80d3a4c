"""Pages in a browser for desks and walls, over gRPC as the officer who signed in; Python calls `running`."""
