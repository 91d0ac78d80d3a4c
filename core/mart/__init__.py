"""What the files of a mart share, from who writes it to who asks it: `layout` and `vocabulary`; plain Python."""
