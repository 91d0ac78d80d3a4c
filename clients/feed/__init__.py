"""Changes of registers for the feed: read from files, sent on a stream that may break, with their outcomes."""
