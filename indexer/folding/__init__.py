"""Takes the changes that were fed in among the extracts' records, before a build links them (docs/live.md)."""
