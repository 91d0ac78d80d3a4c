"""The common parts of all stages of a build: options, errors, lock, progress, memory."""
