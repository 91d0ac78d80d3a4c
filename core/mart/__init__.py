"""The common parts of a mart's files, for their writer and their readers: `layout` and `vocabulary`; plain Python."""
