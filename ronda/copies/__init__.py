"""`ronda backup` and `ronda restore`: a copy of all that must be kept, taken while serving, and put back verified."""
