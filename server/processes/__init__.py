"""A supervisor, one worker process a core, and what they tell each other."""
