"""Serves the contract over gRPC: a supervisor, one worker process a core, and what watches over them."""
