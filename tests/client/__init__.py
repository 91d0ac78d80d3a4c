"""The client library against real servers: what it asks, what it does without an answer, and what it never tells."""
