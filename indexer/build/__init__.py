"""What every stage of a build shares: options, errors, lock, progress, memory."""
