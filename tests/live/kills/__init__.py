"""`./run live-kill`: writer, feeders, workers, broker and database killed at random moments while changes are made."""
